/** Whatever is observed: nobody is freed on one observation, and nobody of this boot while more than half of it seem dead. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeDead, patienceMs } from './judge-dead.ts';

const names = ['a', 'b', 'c', 'd', 'e', 'f'];
const deadNow = fc.subarray(names);
const steps = fc.array(fc.record({ afterMs: fc.integer({ min: 1, max: 45_000 }), dead: deadNow }), { maxLength: 20 });

describe('the judgement of the dead', () => {
  it('frees only what seemed dead in every observation of the last 30 s, and while at most half do', () => {
    fc.assert(
      fc.property(steps, fc.subarray(names), (observations, old) => {
        let suspects = new Map<string, number>();
        let nowMs = 0;
        const history: { nowMs: number; dead: string[] }[] = [];
        for (const { afterMs, dead } of observations) {
          nowMs += afterMs;
          history.push({ nowMs, dead });
          const fromOtherBoot = new Set(old);
          const total = names.length - old.length;
          const judged = judgeDead(suspects, { nowMs, dead, fromOtherBoot, total });
          ({ suspects } = judged);
          for (const key of judged.free) {
            const since = history.findLastIndex((one) => !one.dead.includes(key)) + 1;
            expect(nowMs - (history[since]?.nowMs ?? nowMs)).toBeGreaterThanOrEqual(patienceMs);
          }
          const seemDead = dead.filter((key) => !fromOtherBoot.has(key)).length;
          if (judged.free.some((key) => !fromOtherBoot.has(key))) expect(seemDead * 2).toBeLessThanOrEqual(total);
        }
      }),
    );
  });

  it('withholds those that are due when the rest follows in the next observation', () => {
    const all = Array.from({ length: 10 }, (_, index) => `c${index}`);
    const common = { fromOtherBoot: new Set<string>(), total: all.length };
    const first = judgeDead(new Map(), { ...common, nowMs: 0, dead: all.slice(0, 5) });
    const second = judgeDead(first.suspects, { ...common, nowMs: patienceMs, dead: all });
    expect(second).toMatchObject({ free: [], withheld: all.slice(0, 5) });
  });

  it('withholds more than half, and says which', () => {
    const before = new Map([
      ['a', 0],
      ['b', 0],
    ]);
    const judged = judgeDead(before, { nowMs: patienceMs, dead: ['a', 'b'], fromOtherBoot: new Set(['a']), total: 1 });
    expect(judged).toMatchObject({ free: ['a'], withheld: ['b'] });
  });
});
