/** PURE: what a node reports of itself, out of what its parts know. */
import { type Attachment, mostProblems, mostReported, type ReportInput } from '@wgcni/api';
import type { ObservedPeer } from '@wgcni/wg';
import type { KnownNode } from '../view/cluster-view.ts';
import { tunnelState } from './tunnel-state.ts';

/** What is reported, without the place of the report among the others of its run. */
export type Told = Omit<ReportInput, 'instance' | 'run' | 'counter'>;
type Tunnel = Told['tunnels'][number];

export interface ReportSources {
  version: string;
  /** The other nodes of the mesh. */
  nodes: readonly Pick<KnownNode, 'nodeId' | 'publicKey'>[];
  /** Peers of the mesh device; undefined when it could not be looked at. */
  observed: readonly ObservedPeer[] | undefined;
  attachments: readonly Attachment[];
  addresses: readonly { subnet: string; taken: number; free: string }[];
  problems: readonly string[];
}

/** A tunnel that is as it was in the report before keeps its instant. `wallMs` is now. */
export function makeReport(sources: ReportSources, before: Told | undefined, wallMs: number): Told {
  const { version, nodes, observed, attachments, addresses, problems } = sources;
  const at = new Date(wallMs).toISOString();
  const earlier = new Map(before?.tunnels.map((tunnel) => [keyOf(tunnel), tunnel.since]));
  const tunnels = tunnelsNotUp(nodes, observed, wallMs).map((tunnel) => ({
    ...tunnel,
    since: earlier.get(keyOf(tunnel)) ?? at,
  }));
  return {
    version: version.slice(0, 43),
    peers: nodes.length,
    tunnels: tunnels.slice(0, mostReported),
    tunnelsNotUp: tunnels.length,
    attachmentsTotal: attachments.length,
    attachments: attachments.slice(0, mostReported).map(named),
    addresses: addresses.slice(0, 64).map(({ subnet, taken, free }) => ({ subnet, taken, free })),
    problems: problems.slice(0, mostProblems).map(keyless),
  };
}

/** A message as a report takes it: not too long, and without anything of the form of a key. */
export function keyless(message: string): string {
  return message.replace(/[A-Za-z0-9+/]{43}=/g, '(a key)').slice(0, 300) || '–';
}

function tunnelsNotUp(
  nodes: ReportSources['nodes'],
  observed: ReportSources['observed'],
  wallMs: number,
): Omit<Tunnel, 'since'>[] {
  const peers = new Map<string, ObservedPeer>(observed?.map((peer) => [peer.publicKey, peer]));
  return nodes.flatMap(({ nodeId, publicKey }): Omit<Tunnel, 'since'>[] => {
    if (observed === undefined) return [{ nodeId, state: 'unknown', cause: 'the mesh device could not be looked at' }];
    const seen = tunnelState(peers.get(publicKey), wallMs);
    return seen.state === 'up' ? [] : [{ nodeId, state: seen.state, cause: keyless(seen.cause) }];
  });
}

function keyOf({ nodeId, state }: Pick<Tunnel, 'nodeId' | 'state'>): string {
  return `${nodeId} ${state}`;
}

function named({ network, containerId, ifName, state, addresses }: Attachment): Told['attachments'][number] {
  const plain = addresses.slice(0, 16).map(({ address }) => address.replace(/\/.*$/, ''));
  return { network, containerId, ifName, state, addresses: plain };
}
