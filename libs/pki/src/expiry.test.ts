/** Expiry is told in time, and not while all is well. */
import { describe, expect, it } from 'vitest';
import { isExpiring } from './expiry.ts';

describe('a certificate of nine days', () => {
  const dayMs = 86_400_000;
  const life = { validFromMs: 100 * dayMs, validToMs: 109 * dayMs };

  it.each([
    [99, false],
    [100, false],
    [105.9, false],
    [106, true],
    [108.9, true],
    [109, true],
    [200, true],
  ])('on day %s ends soon: %s', (day, isSoon) => {
    expect(isExpiring(life, day * dayMs)).toBe(isSoon);
  });
});
