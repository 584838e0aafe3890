/** PURE: what a node reports of itself, out of what its parts know. */
import {
  type Attachment,
  mostProblems,
  mostReported,
  nameTunnels,
  type NodeStatus,
  type ReportInput,
} from '@wgcni/api';
import { oneLine } from '@wgcni/base';

/** What is reported, without the place of the report among the others of its run. */
export type Told = Omit<ReportInput, 'instance' | 'run' | 'counter'>;
type Tunnel = Told['tunnels'][number];

export interface ReportSources {
  version: string;
  /** The tunnels to the other nodes of the mesh. */
  tunnels: readonly Pick<NodeStatus['tunnels'][number], 'peer' | 'state' | 'sinceSec' | 'cause'>[];
  attachments: readonly Attachment[];
  addresses: readonly { subnet: string; taken: number; free: string }[];
  problems: readonly string[];
}

/** Of the node `ownId`. A tunnel that is as it was in the report before keeps its instant. `wallMs` is now. */
export function makeReport(ownId: string, sources: ReportSources, before: Told | undefined, wallMs: number): Told {
  const { version, attachments, addresses, problems } = sources;
  const earlier = new Map(before?.tunnels.map((tunnel) => [keyOf(tunnel), tunnel.since]));
  const tunnels = sources.tunnels.flatMap(({ peer: nodeId, state, sinceSec, cause }): Tunnel[] =>
    state === 'up'
      ? []
      : [
          {
            nodeId,
            state,
            since: earlier.get(keyOf({ nodeId, state })) ?? new Date(wallMs - sinceSec * 1_000).toISOString(),
            cause: keyless(cause ?? 'nothing has come from it yet'),
          },
        ],
  );
  return {
    version: version.slice(0, 43),
    peers: sources.tunnels.length,
    tunnels: nameTunnels(ownId, tunnels),
    tunnelsNotUp: tunnels.length,
    attachmentsTotal: attachments.length,
    attachments: attachments.slice(0, mostReported).map(named),
    addresses: addresses.slice(0, 64).map(({ subnet, taken, free }) => ({ subnet, taken, free })),
    problems: problems.slice(0, mostProblems).map(keyless),
  };
}

/** A message as a report takes it: one line, not too long, and without anything of the form of a key. */
function keyless(message: string): string {
  return (
    oneLine(message)
      .replace(/[A-Za-z0-9+/]{43}=/g, '(a key)')
      .slice(0, 300) || '–'
  );
}

function keyOf({ nodeId, state }: Pick<Tunnel, 'nodeId' | 'state'>): string {
  return `${nodeId} ${state}`;
}

function named({ network, containerId, ifName, state, addresses }: Attachment): Told['attachments'][number] {
  const plain = addresses.slice(0, 16).map(({ address }) => address.replace(/\/.*$/, ''));
  return { network, containerId, ifName, state, addresses: plain };
}
