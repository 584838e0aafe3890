/** Changing the options of the network, at the leader: all of them stand in its one record, so that they are judged together. */
import type { Network, NetworkPatch } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import {
  checkMtu,
  checkOptions,
  containsAddress,
  type NetworkOptions,
  optionsOf,
  parseAddress,
  parseCidr,
} from '@wgcni/ipam';
import type { NetworkRecord } from '@wgcni/store';
import { wireguardOverhead } from '../registry/admit.ts';
import type { LeaderWriter } from '../registry/leader-writer.ts';
import type { ClusterState } from '../state/cluster-state.ts';
import { alterNetwork, poolsOf } from './alter-network.ts';
import { showNetwork } from './show-network.ts';
import { refuseTaken } from './taken-addresses.ts';

/**
 * Sets what is said; repeating it is safe. Throws what `checkOptions` and `alterNetwork` throw, CatalogueError `mtu.too-large` for an MTU that the underlay
 * of a registered node does not carry, `pool.in-use` for a client pool that is left out while clients have addresses of it.
 */
export async function setOptions(writer: LeaderWriter, patch: NetworkPatch, ifMatch?: number): Promise<Network> {
  return showNetwork(await alterNetwork(writer, ifMatch, (record) => altered(writer.deps.state, record, patch)));
}

function altered(state: ClusterState, record: NetworkRecord, patch: NetworkPatch): NetworkRecord {
  const { mtu = record.mtu, masquerade, ...rest } = patch;
  const pools = poolsOf(record.pools);
  checkMtu(mtu, pools);
  if (mtu > record.mtu) refuseTooLarge(state, mtu);
  const before = optionsOf(record);
  const said: Partial<NetworkOptions> = {
    ...rest,
    ...(masquerade === undefined ? {} : { masquerade: { ...before.masquerade, ...masquerade } }),
  };
  const all = optionsOf(checkOptions({ ...before, ...said }, pools));
  for (const pool of all.clientPools.filter((one) => !before.clientPools.includes(one)))
    refuseTaken(state, parseCidr(pool), 'clientPools');
  for (const pool of before.clientPools.filter((one) => !all.clientPools.includes(one))) refuseUsed(state, pool);
  const names = Object.keys(said) as (keyof NetworkOptions)[];
  return { ...record, mtu, ...Object.fromEntries(names.map((name) => [name, all[name]])) };
}

function refuseUsed(state: ClusterState, pool: string): void {
  const cidr = parseCidr(pool);
  const [used] = state.clients
    .all()
    .flatMap(({ record: { name, addresses } }) => addresses.map((address) => ({ name, address })))
    .filter(({ address }) => containsAddress(cidr, parseAddress(address)));
  if (used === undefined) return;
  throw new CatalogueError(
    'pool.in-use',
    `client pool ${pool} has the address ${used.address} of client ${used.name}`,
    {
      field: 'clientPools',
      remedy: 'remove the clients with addresses of it first (wgcni client list)',
    },
  );
}

/**
 * A node that registers after this is judged by the new MTU. One whose version did not say what its underlay carries is found by the probe of its paths.
 */
function refuseTooLarge(state: ClusterState, mtu: number): void {
  const narrow = state.registrations
    .all()
    .map(({ record }) => record)
    .find(({ underlayMtu }) => underlayMtu !== undefined && underlayMtu - wireguardOverhead < mtu);
  if (narrow?.underlayMtu === undefined) return;
  const { nodeId, underlayMtu } = narrow;
  throw new CatalogueError(
    'mtu.too-large',
    `MTU ${mtu} does not fit the underlay of ${nodeId}, ${underlayMtu}: WireGuard needs ${wireguardOverhead} bytes of it`,
    {
      field: 'mtu',
      remedy: `choose at most ${underlayMtu - wireguardOverhead}, or raise the underlay's MTU of ${nodeId} to ${mtu + wireguardOverhead} and let it register again`,
    },
  );
}
