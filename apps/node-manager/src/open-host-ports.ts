/** The adapters of this machine, after it was found fit. */
import { faultPoints, faultVariable, type Log, privateDirectory, systemClock, systemRandom } from '@wgcni/base';
import { ExecFirewall, ExecIpRoute, ExecNftTable, ExecSysctl, processEnvironment } from '@wgcni/iproute';
import { detectBackend, openDevices, systemKeys } from '@wgcni/wg';
import { join } from 'node:path';
import { nodeManagerFaultPoints } from '@wgcni/cni';
import { type AttachmentFaultPoints, kernelBootId, procUdpPorts } from './attachments/index.ts';
import type { Config } from './config.ts';
import { systemResolver } from './control-plane/system-resolver.ts';
import { memoryDirectory } from './host/memory-directory.ts';
import { checkStart } from './host/start-checks.ts';
import { deviceId } from './keys/device-id.ts';
import { passingDevices } from './keys/device-names.ts';
import { Fping } from './paths/fping.ts';
import { policyTable } from './policy/plan-table.ts';
import type { HostPorts } from './ports.ts';
import { sinceBootMs } from './registration/instant.ts';

/** Throws CatalogueError `config.invalid` that names what this machine lacks. */
export async function openHostPorts(config: Config, log: Log): Promise<HostPorts> {
  // A container's userspace device is made here under its id and moved at once.
  const iproute = new ExecIpRoute({ passing: passingDevices(config.nodeId), keepsProcess: true });
  const { egressSources } = config;
  const kernel = await iproute.observe(undefined);
  const table = new ExecNftTable({ name: policyTable });
  await checkStart({ path: processEnvironment().PATH ?? '', kernel, policyTable: table, egressSources, log });
  const backend = config.backend === 'auto' ? await detectBackend() : config.backend;
  await privateDirectory(config.dataDir);
  const runDir = await keyDirectory(config);
  return {
    devices: await openDevices(backend, { stateDir: join(config.dataDir, 'processes'), runDir }),
    keys: systemKeys,
    iproute,
    sysctl: new ExecSysctl(),
    firewall: new ExecFirewall(),
    policyTable: table,
    udpPorts: procUdpPorts,
    resolveHost: systemResolver,
    pathProbe: new Fping(),
    tunnelProbe: new Fping(),
    readBootId: kernelBootId,
    uptimeMs: sinceBootMs,
    clock: systemClock,
    random: systemRandom,
    log,
    reach: orderedFaultPoints(log),
  };
}

/** SIGKILL is what a crash is like: nothing of the process runs after it. */
function orderedFaultPoints(log: Log): AttachmentFaultPoints {
  const order = process.env[faultVariable];
  if (order !== undefined) log.warn({ [faultVariable]: order }, 'node.ordered-to-die');
  return faultPoints(nodeManagerFaultPoints, order, () => process.kill(process.pid, 'SIGKILL'));
}

/** Where keys are for the life of one call; one directory for each node on a machine. */
export function keyDirectory({ socket, nodeId }: Pick<Config, 'socket' | 'nodeId'>): Promise<string> {
  return memoryDirectory(socket, deviceId(nodeId, 'node'));
}
