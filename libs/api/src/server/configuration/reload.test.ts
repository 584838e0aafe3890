/** At a reload everything that can change is taken over, or nothing is; what cannot is named each time. */
import { CatalogueError } from '@wgcni/base';
import { describe, expect, it } from 'vitest';
import type { Program, Said } from '../program.ts';
import { reloader } from './reload.ts';

const program: Program = {
  ...{ name: 'p', about: 'A program.', version: '1' },
  flags: [
    { name: 'rate', value: 'number', about: 'a number', live: true },
    { name: 'level', value: 'word', about: 'a word', live: true },
    { name: 'listen', value: 'address', about: 'an address' },
    { name: 'servers', value: 'urls', about: 'whom it asks', live: true, with: ['listen'] },
  ],
};

function rig(first: Record<string, string[]>) {
  const lines: [string, unknown][] = [];
  const taken: (readonly string[])[] = [];
  const tell = (fields: object, event: string): void => void lines.push([event, fields]);
  let next: Said | Error = new Map();
  const reload = reloader(
    {
      program,
      read: () => {
        if (next instanceof Error) throw next;
        return { config: next, said: next };
      },
      take: (_, changed) => void taken.push(changed),
      log: { info: tell, warn: tell, error: tell },
    },
    new Map(Object.entries(first)),
  );
  const again = (said: Record<string, string[]> | Error): [string, unknown][] => {
    next = said instanceof Error ? said : new Map(Object.entries(said));
    reload();
    return lines.splice(0);
  };
  return { again, taken };
}

describe('a reload', () => {
  it('takes over what may change, and names what needs a restart until it is as it was', () => {
    const { again, taken } = rig({ rate: ['1'], listen: ['a'] });
    expect(again({ rate: ['2'], level: ['debug'], listen: ['b'] })).toEqual([
      ['config.reloaded', { changed: ['rate', 'level'] }],
      ['config.restart-needed', { flags: ['listen'], remedy: 'restart p to take them over' }],
    ]);
    expect(taken.length).toBe(1);
    expect(again({ rate: ['2'], level: ['debug'], listen: ['b'] })).toEqual([
      ['config.reloaded', { changed: [] }],
      ['config.restart-needed', { flags: ['listen'], remedy: 'restart p to take them over' }],
    ]);
    expect(again({ rate: ['2'], listen: ['a'] })).toEqual([['config.reloaded', { changed: ['level'] }]]);
    expect(taken.length).toBe(2);
  });

  it('leaves what is half of a change until the other half is there too', () => {
    const { again, taken } = rig({ listen: ['a'], servers: ['x'] });
    expect(again({ listen: ['b'], servers: ['y'], rate: ['2'] })).toEqual([
      ['config.reloaded', { changed: ['rate'] }],
      ['config.restart-needed', { flags: ['listen', 'servers'], remedy: 'restart p to take them over' }],
    ]);
    expect(again({ listen: ['a'], servers: ['y'], rate: ['2'] })).toEqual([
      ['config.reloaded', { changed: ['servers'] }],
    ]);
    expect(taken).toEqual([['rate'], ['servers']]);
  });

  it('changes nothing when the file has an error, which is told with its remedy', () => {
    const { again, taken } = rig({ rate: ['1'] });
    const error = new CatalogueError('config.invalid', '/f:3: wrong', { field: '/f', remedy: 'mend it' });
    expect(again(error)).toEqual([['config.refused', { why: '/f:3: wrong', field: '/f', remedy: 'mend it' }]]);
    expect(taken).toEqual([]);
    expect(again({ rate: ['1'] })).toEqual([['config.reloaded', { changed: [] }]]);
    expect(taken).toEqual([]);
  });

  it('takes a list that is written otherwise for the same', () => {
    const { again } = rig({ listen: ['a', 'b'] });
    expect(again({ listen: ['a,b'] })).toEqual([['config.reloaded', { changed: [] }]]);
  });
});
