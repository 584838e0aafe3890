/** What `wgcni doctor` says of machines that are fit, and of those that are not. */
import { describe, expect, it } from 'vitest';
import { judgeMachine, judgePorts, type Machine, neededPrograms } from './judge-machine.ts';

const all = new Map([...neededPrograms.keys()].map((name) => [name, true]));
const without = (...names: string[]): Map<string, boolean> =>
  new Map([...all].map(([name]) => [name, !names.includes(name)]));
const fit: Machine = {
  ...{ release: '6.1.0', hasWireguardModule: true, programs: all, uplinks: ['eth0'], udpPorts: new Set<number>() },
  links: [
    { name: 'lo', mtu: 65_536, isUp: true },
    { name: 'eth0', mtu: 1_500, isUp: true },
  ],
  ...{ chains: ['INPUT', 'WGCNI-INPUT'], cniFiles: ['10-wireguard-cni.conflist'] },
};
const link = (name: string) => ({ name, mtu: 1_500, isUp: true });
const said = (machine: Partial<Machine>, isNodeRunning = false): string[] =>
  judgeMachine({ ...fit, ...machine }, isNodeRunning)
    .filter(({ state }) => state !== 'ok')
    .map(({ check, state, said: text }) => `${state} ${check}: ${text}`);

describe('a machine', () => {
  it('is fit', () => {
    expect(said({})).toEqual([]);
  });

  it.each<[string, Partial<Machine>, string]>([
    ['no WireGuard at all', { hasWireguardModule: false, programs: without('wireguard-go') }, 'fault kernel'],
    ['userspace WireGuard alone', { hasWireguardModule: false }, 'attention kernel'],
    ['no packet filter', { programs: without('nft', 'iptables') }, 'fault programs: missing: nft, iptables'],
    ['no fping', { programs: without('fping') }, 'attention programs: no fping'],
    ['loopback down', { links: [{ name: 'lo', mtu: 65_536, isUp: false }] }, 'fault loopback'],
    [
      'devices of flannel',
      { links: [...fit.links, link('flannel.1')] },
      'attention other CNIs: of flannel: device flannel.1',
    ],
    ['chains of Calico', { chains: ['cali-FORWARD'] }, 'attention other CNIs: of Calico: chain cali-FORWARD'],
    [
      'another configuration first',
      { cniFiles: ['10-wireguard-cni.conflist', '05-x.conf'] },
      'attention CNI configuration: 05-x.conf stands before',
    ],
    ['our devices without a node-manager', { links: [...fit.links, link('wgcni-mesh')] }, 'attention own devices'],
    ['chains that cannot be read', { chains: undefined }, 'unknown packet filter'],
  ])('with %s is told so', (_, machine, text) => {
    expect(said(machine)).toEqual([expect.stringContaining(text)]);
  });

  it('may have our devices while its node-manager runs', () => {
    expect(said({ links: [...fit.links, link('wgcni-mesh')] }, true)).toEqual([]);
  });
});

describe('its ports', () => {
  const ports = { mesh: 51_820, pods: 51_821 };
  it.each([
    [[], false, 'ok'],
    [[51_820], false, 'fault'],
    [[51_820, 51_821], true, 'ok'],
    [[51_821], true, 'fault'],
  ] as const)('bound: %j, node-manager runs: %s: %s', (bound, isRunning, state) => {
    expect(judgePorts({ udpPorts: new Set(bound) }, ports, isRunning).state).toBe(state);
  });
});
