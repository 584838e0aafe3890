/** Kernel changes as lines of `ip -batch`. */
import { describe, expect, it } from 'vitest';
import type { KernelChange } from '../port.ts';
import { changeLine } from './change-line.ts';

describe('changeLine', () => {
  const route = { destination: '10.64.1.0/24', kind: 'unicast', device: 'wgcni-mesh' } as const;

  it.each<[KernelChange, string]>([
    [
      { kind: 'set-link', name: 'eth0', isUp: true, mtu: 1420, alias: 'a b' },
      'link set dev eth0 mtu 1420 alias "a b" up',
    ],
    [{ kind: 'set-link', name: 'eth0', isUp: false }, 'link set dev eth0 down'],
    [
      {
        ...{ kind: 'add-veth', name: 'wgcni-v1', mac: '02:00:00:00:00:01', mtu: 1420 },
        peer: { name: 'eth0', mac: '02:00:00:00:00:02', netns: '/run/netns/a b' },
      },
      'link add wgcni-v1 mtu 1420 address 02:00:00:00:00:01 type veth peer name eth0 mtu 1420 address 02:00:00:00:00:02 netns "/run/netns/a b"',
    ],
    [
      { kind: 'set-neighbour', link: 'a', address: 'fd64::1', mac: '02:00:00:00:00:02' },
      'neigh replace fd64::1 lladdr 02:00:00:00:00:02 dev a nud permanent protocol 87',
    ],
    [{ kind: 'rename-link', name: 'a', to: 'b' }, 'link set dev a name b'],
    [{ kind: 'remove-link', name: 'a' }, 'link del dev a'],
    [{ kind: 'set-address', link: 'a', address: '10.0.0.1', prefixLength: 32 }, 'addr replace 10.0.0.1/32 dev a'],
    [{ kind: 'set-address', link: 'a', address: 'fd64::1', prefixLength: 128 }, 'addr replace fd64::1/128 dev a nodad'],
    [{ kind: 'remove-address', link: 'a', address: 'fd64::1', prefixLength: 128 }, 'addr del fd64::1/128 dev a'],
    [
      { kind: 'set-route', route: { ...route, source: '10.64.0.1', metric: 9 } },
      'route replace 10.64.1.0/24 dev wgcni-mesh proto 87 metric 9 src 10.64.0.1',
    ],
    [
      { kind: 'set-route', route: { destination: '::/0', kind: 'unicast', via: 'fd64::1' } },
      'route replace ::/0 via fd64::1 proto 87',
    ],
    [
      { kind: 'remove-route', route: { destination: 'fd64::/48', kind: 'unreachable', metric: 4096 } },
      'route del unreachable fd64::/48 proto 87 metric 4096',
    ],
  ])('writes %j', (change, line) => {
    expect(changeLine(change)).toBe(line);
  });

  it.each(['a b', 'a\nlink del dev lo', '', '-batch', 'a"b', '#x'])('refuses %j as a name', (name) => {
    expect(() => changeLine({ kind: 'remove-link', name })).toThrow(JSON.stringify(name));
  });

  it('refuses an alias that would end its quotes', () => {
    expect(() => changeLine({ kind: 'set-link', name: 'a', alias: 'x" up' })).toThrow('cannot name');
  });
});
