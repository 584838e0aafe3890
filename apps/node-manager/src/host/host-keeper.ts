/** Keeps the host as our devices need it: switches and packet filter chains, put back when somebody changes them. */
import type { Firewall } from '@wgcni/iproute';
import type { Cidr } from '@wgcni/ipam';
import type { ControlPlane } from '../control-plane/servers.ts';
import { ensureSwitches, type HostSwitchesDeps } from './host-switches.ts';
import { chainPrefix, planChains } from './plan-chains.ts';
import type { Leaving } from './plan-masquerade.ts';

export interface HostKeeperDeps extends HostSwitchesDeps {
  firewall: Firewall;
  meshPort: number;
  leaving: () => Leaving;
  farSources: () => readonly string[];
  /** What containers may not reach; undefined when they may. */
  controlPlane: ControlPlane | undefined;
  /** Empty before the network is known. */
  pools: () => readonly Cidr[];
  clientPools: () => readonly Cidr[];
  /** Makes the table right that says who may reach whom. */
  keepPolicy: () => Promise<void>;
}

/** Makes the policy's table, chains and switches right; writes only what differs. `chainsAreSet` is called before the switches. */
export async function keepHost(deps: HostKeeperDeps, chainsAreSet: () => void): Promise<void> {
  const { firewall, sysctl, log } = deps;
  // ORDER: what denies before what accepts.
  await deps.keepPolicy();
  // ORDER: chains before forwarding: nothing is forwarded or reached that they would not let through.
  const hasIpv6 = (await sysctl.read('net.ipv6.conf.all.forwarding')) !== undefined;
  const chains = planChains({
    ...deps,
    pools: deps.pools(),
    clientPools: deps.clientPools(),
    leaving: deps.leaving(),
    farSources: deps.farSources(),
    hasIpv6,
  });
  const changed = await firewall.ensure(chains, chainPrefix);
  if (changed.length > 0) log.info({ chains: changed }, 'host.chains-set');
  deps.differed?.(deps.hostRepairs.chainsEnsured(chains, changed));
  chainsAreSet();
  await ensureSwitches(deps);
}
