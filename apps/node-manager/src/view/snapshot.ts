/** PURE: `mesh/` at one revision as this version can read it; what it cannot read is named, not dropped. */
import type { GoneRecord } from '@wgcni/store';
import type { GrantText, KnownNode, NetworkPlan } from './cluster-view.ts';

/** A node's record as the store has it. */
export type NodeEntry = Pick<KnownNode, 'nodeId' | 'publicKey' | 'endpoints' | 'subnets' | 'modRevision'>;

/** Why and with which key and grants a node left or a subnet was taken from it. */
export interface Tombstone {
  kind: 'node' | 'subnet';
  why: GoneRecord['why'];
  nodeId: string;
  publicKey: string;
  subnets: GrantText[];
  modRevision: number;
}

export interface MeshSnapshot {
  revision: number;
  network: NetworkPlan | undefined;
  nodes: NodeEntry[];
  /** Ids of those that are drained. */
  draining: string[];
  gone: Tombstone[];
  /** Keys whose values cannot be read. */
  quarantined: string[];
  /** Ids of the nodes among them. */
  quarantinedNodes: string[];
}
