/** What a node publishes of its containers, for direct peers on other nodes: its own word, held to its own subnets, and bounded (decision 0008). */
import type { Containers, ContainersInput } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import { containsAddress, formatAddress, optionsOf, parseAddress, parseCidr } from '@wgcni/ipam';
import { type ContainersRecord, encodeRecord, mostContainers, type NodeRecord, writtenSchema } from '@wgcni/store';
import type { ClusterState } from '../state/cluster-state.ts';
import { otherInstance } from './admit.ts';
import { unknownNode } from './leave.ts';
import type { LeaderWriter } from './leader-writer.ts';

/**
 * Writes the whole of it in place of what the node said before; repeating it is safe, and what is as it was is not written again. Of more containers than the
 * cluster has room for, the first are taken. Throws CatalogueError `node.unknown`, `registration.gone`, `node.registered` for another instance than the one
 * that is registered, `network.contradictory` where the network wants none published, `request.invalid` for an address that is not the node's.
 */
export async function publishContainers(
  writer: LeaderWriter,
  nodeId: string,
  input: ContainersInput,
): Promise<Containers> {
  const { state } = writer.deps;
  const published = await writer.change<number>(async () => {
    const node = state.nodeOf(nodeId);
    if (node === undefined) throw unknownNode(nodeId);
    const registration = state.registrationOf(nodeId);
    if (registration === undefined) throw unregistered(nodeId);
    if (registration.record.instance !== input.instance) throw otherInstance(nodeId);
    refuseUnwanted(state, input);
    const all = input.containers.map(({ publicKey, port, addresses }) => {
      return { publicKey, port, addresses: addresses.map((text) => ownAddress(text, node.record)) };
    });
    refuseTwins(all);
    const containers = all.slice(0, roomOf(state, nodeId));
    const key = state.keys.containersOf(nodeId);
    const before = state.containers.standing(key);
    const value = encodeRecord({ schema: writtenSchema, nodeId, containers });
    if (before?.value === value || (before === undefined && containers.length === 0))
      return { result: containers.length };
    return {
      transaction: {
        compare: [
          // FENCE: with the node's record this goes, and its subnets are what the addresses were held to.
          { key: node.item.key, target: 'mod', equals: node.item.modRevision },
          { key: registration.item.key, target: 'mod', equals: registration.item.modRevision },
          { key: state.keys.network, target: 'mod', equals: state.network.modRevision(state.keys.network) },
          { key, target: 'mod', equals: before?.modRevision ?? 0 },
        ],
        then: [{ kind: 'put', key, value }],
      },
      result: containers.length,
    };
  });
  return { published, revision: state.revision };
}

/** What others have left of the room of all. */
function roomOf(state: ClusterState, nodeId: string): number {
  const others = state.containers
    .all()
    .filter(({ record }) => record.nodeId !== nodeId)
    .reduce((sum, { record }) => sum + record.containers.length, 0);
  return Math.max(0, Math.min(mostContainers.ofNode, mostContainers.ofCluster - others));
}

function refuseUnwanted(state: ClusterState, { containers }: ContainersInput): void {
  const { direct } = optionsOf(state.theNetwork().record);
  // That there are none may be said always: so a node takes back what it said.
  if (direct === 'cluster' || containers.length === 0) return;
  throw new CatalogueError('network.contradictory', `direct ${direct}: no containers are published`, {
    field: 'containers',
    remedy: 'set direct to cluster first (wgcni network set --direct cluster)',
  });
}

/** FENCE: a node speaks for the addresses of its own subnets alone: others send past their node to whoever is named for one. */
function ownAddress(text: string, { nodeId, subnets }: NodeRecord): string {
  const address = parseAddress(text, 'containers');
  if (subnets.some(({ cidr }) => containsAddress(parseCidr(cidr), address))) return formatAddress(address);
  throw new CatalogueError('request.invalid', `${text} is of no subnet of ${nodeId}`, {
    field: 'containers',
    remedy: 'name addresses of its own subnets alone',
  });
}

function refuseTwins(containers: ContainersRecord['containers']): void {
  const named = containers.flatMap(({ publicKey, addresses }) => [publicKey, ...addresses]);
  const twin = named.find((one, index) => named.indexOf(one) !== index);
  if (twin === undefined) return;
  throw new CatalogueError('request.invalid', `two containers have ${twin}`, {
    field: 'containers',
    remedy: 'name each key and each address once',
  });
}

function unregistered(nodeId: string): CatalogueError {
  return new CatalogueError('registration.gone', `${nodeId} is not registered`, {
    remedy: 'register again (PUT /v1/nodes/{nodeId})',
  });
}
