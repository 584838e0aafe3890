/** Removes everything that the node-manager ever made on this host; repeatable, whatever is there. */
import { toCatalogueError } from '@wgcni/base';
import type { KernelChange } from '@wgcni/iproute';
import { routeProtocol } from '@wgcni/iproute';
import type { Config } from '../config.ts';
import { isNodeEnd } from '../attachments/links/veth/veth-names.ts';
import { restoreSwitches } from '../host/host-switches.ts';
import { chainPrefix } from '../host/plan-chains.ts';
import { deviceIdPrefix } from '../keys/device-id.ts';
import { meshRef } from '../mesh/mesh-device.ts';
import { openParts } from '../parts.ts';
import { podsRef } from '../pods/pods-device.ts';
import type { HostPorts } from '../ports.ts';
import { otherNode, readIdentity } from '../registration/identity.ts';
import { removeFiles } from './remove-files.ts';

/** What ids of ours look like, so that nobody else's process is ended. */
const ownId = new RegExp(`^${deviceIdPrefix}[0-9a-f]{12}$`);

/**
 * Tears the node down; the caller has claimed the data directory, so no node-manager runs. Throws CatalogueError `config.invalid` when the data directory
 * belongs to another node id than the one that was said, or what the kernel refused.
 */
export async function tearDown(said: Config, ports: HostPorts): Promise<void> {
  const config = await ofRecordedNode(said);
  await releaseAttachments(config, ports);
  await removeDevices(config, ports);
  await removeVeths(ports);
  await removeRoutes(ports);
  await ports.firewall.remove(chainPrefix);
  await ports.policyTable.remove();
  await restoreSwitches({ ...ports, dataDir: config.dataDir });
  // ORDER: the files say what there is to undo: they go last.
  await removeFiles(config);
  ports.log.info({ nodeId: config.nodeId }, 'node.torn-down');
}

/** Device names follow from the node id that is recorded; a host name may have changed since. */
async function ofRecordedNode(config: Config): Promise<Config> {
  const recorded = await readIdentity(config.dataDir);
  if (recorded === undefined || recorded.nodeId === config.nodeId) return config;
  if (config.isNodeIdSaid) throw otherNode(config.dataDir, recorded.nodeId, config.nodeId);
  return { ...config, nodeId: recorded.nodeId };
}

/** One that cannot be released does not keep the rest here: its device goes with the others. */
async function releaseAttachments(config: Config, ports: HostPorts): Promise<void> {
  const { attachments } = await openParts(config, ports);
  for (const { network, containerId, ifName } of attachments.list()) {
    try {
      await attachments.release({ network, containerId, ifName });
    } catch (thrown) {
      ports.log.warn(
        { network, containerId, ifName, why: toCatalogueError(thrown).message },
        'teardown.attachment-left',
      );
    }
  }
}

async function removeDevices({ nodeId }: Config, { devices }: HostPorts): Promise<void> {
  for (const ref of [podsRef(nodeId), meshRef(nodeId)]) await devices.remove(ref);
  for (const id of await devices.liveIds(deviceIdPrefix)) {
    if (ownId.test(id)) await devices.remove({ id, name: id });
  }
}

/** Those that no record names, or that could not be released. */
async function removeVeths({ iproute }: HostPorts): Promise<void> {
  const { links } = await iproute.observe(undefined);
  const left = links.filter(({ name }) => isNodeEnd(name));
  await iproute.apply(
    left.map(({ name }): KernelChange => ({ kind: 'remove-link', name })),
    undefined,
  );
}

async function removeRoutes({ iproute }: HostPorts): Promise<void> {
  const { routes } = await iproute.observe(undefined);
  const changes = routes
    .filter(({ protocol }) => protocol === routeProtocol)
    .map(({ destination, kind, metric, device }): KernelChange => {
      const onDevice = kind === 'unicast' && device !== undefined ? { device } : {};
      return { kind: 'remove-route', route: { destination, kind, metric, ...onDevice } };
    });
  await iproute.apply(changes, undefined);
}
