/** The order of kernel modules. */
import { describe, expect, it } from 'vitest';
import { loadOrder } from './module-order.ts';

const dep = `kernel/net/wireguard.ko: kernel/net/udp_tunnel.ko kernel/crypto/curve25519-x86_64.ko kernel/crypto/lib.ko
kernel/crypto/curve25519-x86_64.ko: kernel/crypto/lib.ko
kernel/crypto/lib.ko:
kernel/net/udp_tunnel.ko:
kernel/net/veth.ko:
`;

describe('loadOrder', () => {
  it('puts every module after what it needs, also where modules.dep lists it the other way round', () => {
    expect(loadOrder(dep, ['wireguard'])).toEqual([
      'kernel/net/udp_tunnel.ko',
      'kernel/crypto/lib.ko',
      'kernel/crypto/curve25519-x86_64.ko',
      'kernel/net/wireguard.ko',
    ]);
  });

  it('names each module once and keeps the order of the names', () => {
    expect(loadOrder(dep, ['veth', 'udp_tunnel', 'veth'])).toEqual(['kernel/net/veth.ko', 'kernel/net/udp_tunnel.ko']);
  });

  it('takes hyphens and underscores for the same', () => {
    expect(loadOrder(dep, ['curve25519_x86_64'])).toContain('kernel/crypto/curve25519-x86_64.ko');
  });

  it('names a module that the kernel does not have', () => {
    expect(() => loadOrder(dep, ['netem'])).toThrow('netem');
  });
});
