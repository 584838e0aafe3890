/** PURE: our packet filter chains (design §6): what they accept, drop, clamp and masquerade. */
import { type Cidr, type Family, formatAddress, formatCidr, tryParseAddress, widthOf } from '@wgcni/ipam';
import type { FirewallChain } from '@wgcni/iproute';
import type { PortRange } from '../attachments/container-port.ts';
import type { ControlPlane } from '../control-plane/servers.ts';
import { containerDevices, meshDevice, nodeEndPrefix, podsDevice } from '../node-view.ts';
import { type ControlPlaneRules, planControlPlane } from './plan-control-plane.ts';
import { type Leaving, planMasquerade } from './plan-masquerade.ts';

/** What the names of our chains begin with. */
export const chainPrefix = 'WGCNI-';

export interface ChainsInput {
  meshPort: number;
  podPort: number;
  containerPorts: PortRange;
  /** Empty before the network is known. */
  pools: readonly Cidr[];
  /** What external clients have addresses of: outside, they are judged as containers are. */
  clientPools: readonly Cidr[];
  leaving: Leaving;
  /** Addresses of other nodes whose containers are direct peers of ours; absent: none. */
  farSources?: readonly string[];
  /** What containers may not reach; undefined when they may. */
  controlPlane: ControlPlane | undefined;
  /** Whether the kernel has IPv6. */
  hasIpv6: boolean;
}

/** Every chain of ours, both families. */
export function planChains(input: ChainsInput): FirewallChain[] {
  const families: Family[] = input.hasIpv6 ? [4, 6] : [4];
  return families.flatMap((family): FirewallChain[] => {
    const guard = planControlPlane(input.controlPlane ?? nothing, meshPools(input), family);
    // ORDER: what is dropped stands before what is accepted.
    const [forward, inward] = [
      [...guard.forward, ...forwardRules, ...clientRules(input, family), ...routeRules(input, family)],
      [...guard.input, ...inputRules(input, family)],
    ];
    return [
      { family, table: 'filter', name: `${chainPrefix}FORWARD`, hook: 'FORWARD', rules: forward },
      { family, table: 'filter', name: `${chainPrefix}INPUT`, hook: 'INPUT', rules: inward },
      { family, table: 'mangle', name: `${chainPrefix}MSS`, hook: 'FORWARD', rules: clampRules },
      { family, table: 'raw', name: `${chainPrefix}VETH`, hook: 'PREROUTING', rules: vethRules(family) },
      ...sourceChains(input, family),
      ...controlChains(guard, family),
      ...masqueradeChains(input, family),
    ];
  });
}

/** Whatever may come out of one of our tunnels. */
function meshPools({ pools, clientPools }: ChainsInput): Cidr[] {
  return [...pools, ...clientPools];
}

const nothing: ControlPlane = { ports: [], endpoints: [] };

/** A container is judged by what it asked for; a redirection of the host's own, to a manager in a container for one, comes after. */
function controlChains({ before }: ControlPlaneRules, family: Family): FirewallChain[] {
  if (before.length === 0) return [];
  return [{ family, table: 'raw', name: `${chainPrefix}CONTROL`, hook: 'PREROUTING', rules: before }];
}

/**
 * A packet from an address of a pool is dropped unless it came in where the way back to that address leads: on our devices, or on the bridge of
 * whoever has addresses alone of us. Cryptokey routing holds it to its own addresses there; anywhere else it is a stranger's.
 */
function sourceChains(input: ChainsInput, family: Family): FirewallChain[] {
  const own = meshPools(input).filter((pool) => pool.family === family);
  if (own.length === 0) return [];
  const rules = own.map((pool) => `-s ${formatCidr(pool)} -m rpfilter --invert -j DROP`);
  return [{ family, table: 'raw', name: `${chainPrefix}SOURCE`, hook: 'PREROUTING', rules }];
}

/** Between our devices, also from node to client by the one node that it dials, out of the mesh and back, to published ports: a DROP policy of somebody else is not for these. */
const forwardRules = [
  // To a published port: whoever set up the redirection wants it to arrive, and the chained portmap opens nothing in FORWARD itself.
  ...containerDevices.map((device) => `-o ${device} -m conntrack --ctstate DNAT -j ACCEPT`),
  `-i ${podsDevice} -o ${podsDevice} -j ACCEPT`,
  `-i ${podsDevice} -o ${meshDevice} -j ACCEPT`,
  ...containerDevices.map((device) => `-i ${meshDevice} -o ${device} -j ACCEPT`),
  `-i ${meshDevice} -o ${meshDevice} -j ACCEPT`,
  ...containerDevices.map((device) => `-i ${device} -j ACCEPT`),
  ...containerDevices.map((device) => `-o ${device} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`),
];

/** A client to the outside and back: whether it may is the policy's business, and a DROP policy of somebody else is not for it either. */
function clientRules({ clientPools }: ChainsInput, family: Family): string[] {
  const own = clientPools.filter((pool) => pool.family === family).map(formatCidr);
  return own.flatMap((pool) => [
    `-s ${pool} -i ${meshDevice} -j ACCEPT`,
    `-d ${pool} -o ${meshDevice} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
  ]);
}

/**
 * What cryptokey routing does for the others: from a veth only what its container has the address of, whatever else it is. Nobody's address is named:
 * rpfilter lets `::` through wherever it goes, and `0.0.0.0` to many at once. Nothing of ours is sent from it: addresses are given, neighbours are written.
 */
function vethRules(family: Family): string[] {
  const nobody = family === 4 ? '0.0.0.0/8' : '::/128';
  return [`-s ${nobody} -i ${nodeEndPrefix}+ -j DROP`, `-i ${nodeEndPrefix}+ -m rpfilter --invert -j DROP`];
}

/** Out of the mesh to what this node offers, and back. */
function routeRules({ leaving }: ChainsInput, family: Family): string[] {
  const own = leaving.routes.filter((route) => route.family === family).map(formatCidr);
  return own.flatMap((route) => [
    `-d ${route} -i ${meshDevice} -j ACCEPT`,
    `-s ${route} -o ${meshDevice} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
  ]);
}

/**
 * WireGuard binds every address: only loopback may reach the containers' side, and other nodes the containers that are peers of theirs. By the
 * echoes that other nodes ask for inside the mesh they know that the tunnel works: a DROP policy of somebody else is not for these.
 */
function inputRules(
  { meshPort, podPort, containerPorts: { first, last }, farSources = [] }: ChainsInput,
  family: Family,
): string[] {
  const inside = [String(podPort), `${first}:${last}`];
  return [
    ...inside.map((ports) => `-i lo -p udp -m udp --dport ${ports} -j ACCEPT`),
    ...farSources
      .flatMap((text) => tryParseAddress(text) ?? [])
      .filter((address) => address.family === family)
      .map(
        (address) => `-s ${formatAddress(address)}/${widthOf(family)} -p udp -m udp --dport ${first}:${last} -j ACCEPT`,
      ),
    ...inside.map((ports) => `-p udp -m udp --dport ${ports} -j DROP`),
    `-p udp -m udp --dport ${meshPort} -j ACCEPT`,
    `-i ${meshDevice} ${echoRequest[family]} -j ACCEPT`,
  ];
}

const echoRequest: Record<Family, string> = {
  4: '-p icmp -m icmp --icmp-type 8',
  6: '-p ipv6-icmp -m icmp6 --icmpv6-type 128',
};

const clampRules = [meshDevice, ...containerDevices].map(
  (device) => `-o ${device} -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu`,
);

/** What leaves the pools under an address of this node. */
function masqueradeChains(input: ChainsInput, family: Family): FirewallChain[] {
  const rules = planMasquerade(meshPools(input), input.leaving, family);
  return rules.length === 0
    ? []
    : [{ family, table: 'nat', name: `${chainPrefix}MASQUERADE`, hook: 'POSTROUTING', rules }];
}
