/** The host's kernel switches: set in order, what was found recorded first, put back on the way out. */
import type { Log } from '@wgcni/base';
import type { IpRoute, Sysctl } from '@wgcni/iproute';
import type { PortRange } from '../attachments/container-port.ts';
import type { HostRepairs } from './host-repairs.ts';
import { readHostRecord, writeHostRecord } from './host-record.ts';
import { advertisedUplinks, planSysctls, type Switch, switchNames } from './plan-sysctls.ts';

export interface HostSwitchesDeps {
  dataDir: string;
  podPort: number;
  containerPorts: PortRange;
  iproute: Pick<IpRoute, 'observe'>;
  sysctl: Sysctl;
  log: Log;
  /** Told of what somebody else changed. */
  hostRepairs: HostRepairs;
  /** Told how much of the host somebody else had changed; what this node wishes otherwise than before is not counted. */
  differed?: (count: number) => void;
}

/** Sets what differs; a switch that the kernel does not have is left out. */
export async function ensureSwitches(deps: HostSwitchesDeps): Promise<void> {
  const { sysctl } = deps;
  const uplinks = advertisedUplinks(await deps.iproute.observe(undefined));
  const names = switchNames(uplinks);
  const values = await Promise.all(names.map((name) => sysctl.read(name)));
  const found = new Map(names.map((name, index) => [name, values[index]]));
  const plan = planSysctls(found, uplinks, deps);
  if (plan.length > 0) await writeSwitches(deps, plan, found);
  const ofHost = plan.filter(({ isOfOurDevice }) => !isOfOurDevice);
  const mended = deps.hostRepairs.switchesEnsured(
    ofHost.map(({ name, value }) => ({ name, value, found: found.get(name)?.trim() ?? '' })),
    names,
  );
  deps.differed?.(mended);
}

async function writeSwitches(
  { dataDir, sysctl, log }: Pick<HostSwitchesDeps, 'dataDir' | 'sysctl' | 'log'>,
  plan: readonly Switch[],
  found: ReadonlyMap<string, string | undefined>,
): Promise<void> {
  const recorded = await readHostRecord(dataDir);
  for (const { name, value, isOfOurDevice } of plan) {
    if (isOfOurDevice) continue;
    recorded[name] = { found: recorded[name]?.found ?? found.get(name) ?? '', written: value };
  }
  // ORDER: what was found is on disk before it is overwritten.
  await writeHostRecord(dataDir, recorded);
  for (const { name, value } of plan) await sysctl.write({ [name]: value });
  log.info({ switches: plan.map(({ name, value }) => `${name}=${value}`) }, 'host.switches-set');
}

/** Puts back what was found, in reverse order; a switch that somebody else has changed since then is left alone. */
export async function restoreSwitches({
  dataDir,
  sysctl,
  log,
}: Pick<HostSwitchesDeps, 'dataDir' | 'sysctl' | 'log'>): Promise<void> {
  const recorded = Object.entries(await readHostRecord(dataDir)).reverse();
  for (const [name, { found, written }] of recorded) {
    const present = (await sysctl.read(name))?.trim();
    if (present === undefined || present === found) continue;
    if (present === written) await sysctl.write({ [name]: found });
    else log.warn({ name, present, written }, 'host.switch-left');
  }
}
