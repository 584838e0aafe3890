/** What must be so on the host before anything is done. */
import { describe, expect, it } from 'vitest';
import { refuseForeignSource } from './start-checks.ts';

const addresses = [{ address: '192.0.2.1' }, { address: 'fd00::1' }];

describe('the address that packets leave the cluster under', () => {
  it('is one of the host, of either family', () => {
    for (const own of ['192.0.2.1', 'fd00::1']) expect(() => refuseForeignSource(own, { addresses })).not.toThrow();
  });

  it('is refused when the host does not have it, by flag, address and what there is', () => {
    expect(() => refuseForeignSource('192.0.2.9', { addresses })).toThrow(
      expect.objectContaining({
        ...{ code: 'config.invalid', field: '--egress-source' },
        message: expect.stringContaining('192.0.2.9') as unknown,
        remedy: expect.stringContaining('192.0.2.1, fd00::1') as unknown,
      }),
    );
  });
});
