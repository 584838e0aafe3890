/** How repairs are told, and what becomes of a thing that somebody keeps changing. */
import type { Happening } from '@wgcni/api/server';
import { ManualClock } from '@wgcni/testing';
import { expect, it } from 'vitest';
import type { Repair } from './repair.ts';
import { RepairBook } from './repair-book.ts';

const route = (third: number): Repair => ({
  ...{ kind: 'repair.route-restored', subject: `route 10.64.${third}.0/24`, group: 'routes of wgcni-mesh' },
  message: 'is there again',
});

function book() {
  const clock = new ManualClock();
  const told: Happening[] = [];
  return { clock, told, repairs: new RepairBook({ events: { tell: (event) => void told.push(event) }, clock }) };
}

it('tells a few one by one, and many of a kind as one that names them', () => {
  const { told, repairs } = book();
  repairs.tell([1, 2, 3, 4, 5].map(route));
  expect(told).toHaveLength(5);
  repairs.tell(Array.from({ length: 300 }, (_, index) => route(index + 10)));
  expect(told).toHaveLength(6);
  expect(told[5]).toMatchObject({ kind: 'repair.route-restored', subject: '300 routes of wgcni-mesh' });
  expect(told[5]?.message).toMatch(/^route 10\.64\.10\.0\/24, .* and 290 more: each is there again$/);
});

it('leaves what was mended three times in a minute alone for ten seconds each time, until it is left in peace', async () => {
  const { clock, told, repairs } = book();
  const mending = new Map([['change', route(1)]]);
  const mend = (): number => {
    const changes = repairs.due(['change', 'own'], mending);
    repairs.made(changes, mending);
    return changes.length;
  };
  const mended: number[] = [];
  for (let second = 0; second < 40; second += 1) {
    mended.push(mend());
    await clock.advance(1_000);
  }
  // What is the node's own is never held back.
  expect(mended.map((count) => count - 1).flatMap((count, second) => (count === 1 ? [second] : []))).toEqual([
    0, 1, 2, 12, 22, 32,
  ]);
  // Each of the first three, and then that it is contested.
  expect(told.map(({ kind }) => kind)).toEqual([...Array<string>(3).fill('repair.route-restored'), 'repair.contested']);
  expect(told[3]?.message).toMatch(/left alone for ten seconds/);
  expect(repairs.contested).toEqual(['route 10.64.1.0/24']);
  await clock.advance(60_000);
  expect(repairs.contested).toEqual([]);
  expect(mend()).toBe(2);
});

it('tells of what is mended at every look once, however often that is, and once when it is left in peace', async () => {
  const { clock, told, repairs } = book();
  const subject = 'switch net.ipv4.ip_forward';
  const toggled = { kind: 'repair.switch-restored' as const, subject, group: 'kernel switches', message: 'is 1 again' };
  for (let second = 0; second < 600; second += 1) {
    if (second % 5 === 0) repairs.tell([toggled]);
    repairs.tellPeace();
    await clock.advance(1_000);
  }
  const kinds = (): string[] => told.map(({ kind }) => kind);
  expect(kinds()).toEqual([...Array<string>(3).fill('repair.switch-restored'), 'repair.contested']);
  expect(told[3]?.message).toMatch(/goes on being put right at every look/);
  await clock.advance(60_000);
  repairs.tellPeace();
  repairs.tellPeace();
  expect(told.slice(4)).toMatchObject([{ kind: 'repair.uncontested', subject }]);
  expect(told[4]?.message).toMatch(/^was put right 117 more times in 650 s/);
  repairs.tell([toggled]);
  expect(kinds().slice(5)).toEqual(['repair.switch-restored']);
});
