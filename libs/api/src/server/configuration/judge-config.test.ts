/** Flag, then variable, then file, then default; what is wrong is told with its place, and what is in effect can be printed. */
import { CatalogueError } from '@wgcni/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Program, type Said, TextAsked } from '../program.ts';
import { parseConfigFile } from './config-file.ts';
import { judgeConfig } from './judge-config.ts';
import { printConfig } from './print-config.ts';

const program: Program = {
  ...{ name: 'p', about: 'A program.', version: '1.2.3' },
  flags: [
    { name: 'mtu', value: 'bytes', about: 'a number', default: '1420' },
    { name: 'manager', value: 'urls', about: 'a list', isList: true },
    { name: 'join', value: 'token', about: 'a token or a path', secret: true },
    { name: 'bootstrap', about: 'a switch' },
    { name: 'teardown', about: 'a switch for one run', once: true },
  ],
};

interface Told {
  argv?: string[];
  env?: Record<string, string>;
  files?: Record<string, string>;
}

function judge({ argv = [], env = {}, files = {} }: Told): Record<string, string[]> {
  const told = { argv, env, hostname: 'h', readFile: (path: string) => files[path] };
  return judgeConfig(program, told, (said) => {
    if (said.get('mtu')?.at(-1) === 'big')
      throw new CatalogueError('config.invalid', '--mtu "big" is no number', { field: '--mtu', remedy: 'use one' });
    return Object.fromEntries(said);
  }).config;
}

function thrownBy(told: Told): unknown {
  try {
    return judge(told);
  } catch (error) {
    return error;
  }
}

const usual = '/etc/wgcni/p.yaml';

describe('what is in effect', () => {
  it('is the flag, then the variable, then the file', () => {
    const files = { [usual]: 'mtu: 1\njoin: /file\nmanager: [a, b]\n' };
    const env = { WGCNI_MTU: '2', WGCNI_JOIN: '/variable' };
    expect(judge({ argv: ['--mtu=3'], env, files })).toEqual({ mtu: ['3'], join: ['/variable'], manager: ['a,b'] });
  });

  it('is read from the file that --config names, or its variable, and then not from the usual one', () => {
    const files = { [usual]: 'mtu: 1', '/a': 'mtu: 2', '/b': 'mtu: 3' };
    expect(judge({ files })).toEqual({ mtu: ['1'] });
    expect(judge({ env: { WGCNI_CONFIG: '/a' }, files })).toEqual({ mtu: ['2'] });
    expect(judge({ argv: ['--config', '/b'], env: { WGCNI_CONFIG: '/a' }, files })).toEqual({ mtu: ['3'] });
    expect(judge({})).toEqual({});
    expect(thrownBy({ argv: ['--config=/c'], files })).toMatchObject({ code: 'config.invalid', field: '--config' });
  });

  it('is looked for in the usual file otherwise than in one that somebody named', () => {
    const asked: [string, boolean][] = [];
    const readFile = (path: string, isNamed: boolean): string => (asked.push([path, isNamed]), '');
    const told = { argv: [], env: {}, hostname: 'h', readFile };
    for (const argv of [[], ['--config=/a']]) judgeConfig(program, { ...told, argv }, () => undefined);
    judgeConfig(program, { ...told, env: { WGCNI_CONFIG: '/b' } }, () => undefined);
    expect(asked).toEqual([
      [usual, false],
      ['/a', true],
      ['/b', true],
    ]);
  });

  it('is refused with file and line when a file said it, without when a flag did', () => {
    const refused = thrownBy({ files: { [usual]: 'join: /a\nmtu: big' } });
    expect(refused).toMatchObject({
      message: `${usual}:2: --mtu "big" is no number`,
      field: '--mtu',
      remedy: 'use one',
    });
    expect(thrownBy({ argv: ['--mtu=big'] })).toMatchObject({ message: '--mtu "big" is no number' });
  });

  it('is printed with where it came from, and so that no token is told', () => {
    const files = { [usual]: 'manager: [https://a:7001, "https://b:7001"]\nbootstrap: true' };
    const argv = ['--print-config', '--join=wgcni-join.1.aa.bb.cc', '--teardown'];
    const asked = thrownBy({ argv, files, env: { WGCNI_BOOTSTRAP: 'no' } });
    expect(asked).toBeInstanceOf(TextAsked);
    expect((asked as TextAsked).text).toBe(`# p 1.2.3
# mtu: 1420  # default
manager:  # ${usual}:1
  - https://a:7001
  - https://b:7001
# join: a token, which is not told  # --join
bootstrap: false  # WGCNI_BOOTSTRAP
# teardown: true  # --teardown; for this run alone
`);
  });

  it.each([
    [{ argv: ['--join=hunter2'] }, '# join: a token, which is not told  # --join'],
    [{ env: { WGCNI_JOIN: 'gcni-join.1.aa.hunter2.cc' } }, '# join: a token, which is not told  # WGCNI_JOIN'],
    [{ argv: ['--join=/etc/token'] }, 'join: /etc/token  # --join'],
  ])('tells no mistyped token, but the path of its file', ({ argv = [], ...told }: Told, line) => {
    const { text } = thrownBy({ ...told, argv: [...argv, '--print-config'] }) as TextAsked;
    expect(text.split('\n')).toContain(line);
    expect(text).not.toContain('hunter2');
  });

  it('is judged only when --check-config is said, and refused as at a start', () => {
    expect(thrownBy({ argv: ['--check-config'] })).toBeInstanceOf(TextAsked);
    expect(thrownBy({ argv: ['--check-config', '--mtu=big'] })).toMatchObject({ code: 'config.invalid' });
  });

  it('is the same again when what was printed is read', () => {
    const word = fc.string({ minLength: 1 }).filter((text) => !text.includes(',') && !text.includes('wgcni-join'));
    fc.assert(
      fc.property(word, fc.array(word, { minLength: 1 }), fc.boolean(), (one, many, isOn) => {
        const said: Said = new Map([
          ['mtu', [one]],
          ['manager', many],
          ['bootstrap', [String(isOn)]],
        ]);
        const origins = new Map([...said.keys()].map((name) => [name, { kind: 'flag' as const }]));
        const read = parseConfigFile(program, '/f', printConfig(program, said, origins));
        expect([...read].map(([name, entry]) => [name, entry.word])).toEqual([
          ['mtu', one],
          ['manager', many.join(',')],
          ['bootstrap', String(isOn)],
        ]);
      }),
    );
  });
});
