/** The memory adapters keep the contracts of the ports. */
import {
  describeFirewallContract,
  describeIpRouteContract,
  describeNftTableContract,
  describeSysctlContract,
} from '../contract/index.ts';
import { MemoryFirewall } from './firewall.ts';
import { MemoryKernel } from './kernel.ts';
import { MemoryNftTable } from './nft-table.ts';
import { MemorySysctl } from './sysctl.ts';

const otherNetns = '/var/run/netns/other';

describeIpRouteContract('memory', async () => {
  const ipRoute = new MemoryKernel();
  ipRoute.addNamespace(otherNetns);
  return {
    ipRoute,
    otherNetns,
    addLink: async (name, netns) => ipRoute.addLink(netns, { name, kind: 'bridge', mtu: 1500 }),
    renameLink: (name, to) =>
      ipRoute.apply(
        [
          { kind: 'set-link', name, isUp: false },
          { kind: 'rename-link', name, to },
          { kind: 'set-link', name: to, isUp: true },
        ],
        undefined,
      ),
    addForeignRoute: async (destination, device) =>
      ipRoute.addForeignRoute(undefined, {
        ...{ family: 4, destination, kind: 'unicast', device, metric: 0, protocol: 3, table: 254 },
      }),
    removeOtherNetns: async () => ipRoute.removeNamespace(otherNetns),
    close: async () => {},
  };
});

describeSysctlContract('memory', async () => ({
  sysctl: new MemorySysctl((name) => (name.includes('absent') ? undefined : '0')),
  otherNetns,
  close: async () => {},
}));

describeFirewallContract('memory', async () => {
  const firewall = new MemoryFirewall();
  return {
    firewall,
    rulesOf: async (...chain) => firewall.rulesOf(...chain),
    insertForeign: async (...rule) => firewall.insertForeign(...rule),
    flush: async (...table) => firewall.flush(...table),
    close: async () => {},
  };
});

describeNftTableContract('memory', async () => {
  const table = new MemoryNftTable();
  const chainOf = (name: string) => table.content?.chains.find((chain) => chain.name === name);
  const setOf = (name: string) => table.content?.sets.find((set) => set.name === name);
  return {
    table,
    rulesIn: async (chain) => chainOf(chain)?.rules.length,
    elementsOf: async (set) => (setOf(set) === undefined ? undefined : [...(setOf(set)?.elements ?? [])]),
    ping: async () => table.count('rule-a.b_c-1', { packets: 2, bytes: 2 * 84 }),
    addForeign: async (chain, rule) => table.edit({ chain, rules: [...(chainOf(chain)?.rules ?? []), rule] }),
    emptySet: async (set) => table.edit({ set, elements: [] }),
    flush: async () => table.flush(),
    close: async () => {},
  };
});
