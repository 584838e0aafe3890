/** PURE: `mesh/` at one revision as this version can read it; what it cannot read is named, not dropped. */
import type { GoneRecord } from '@wgcni/store';
import type { GrantText, KnownClient, KnownContainers, KnownNode, NetworkPlan } from './cluster-view.ts';

/** A node's record as the store has it. */
export type NodeEntry = Pick<KnownNode, 'nodeId' | 'publicKey' | 'endpoints' | 'subnets' | 'routes' | 'modRevision'>;

/** A client's record as the store has it. */
export type ClientEntry = Pick<KnownClient, 'name' | 'publicKey' | 'addresses' | 'via' | 'reachable' | 'modRevision'>;

/** What a node publishes of its containers, as the store has it. */
export type ContainersEntry = Pick<KnownContainers, 'nodeId' | 'containers' | 'modRevision'>;

/** Why and with which key and grants a node left or a subnet was taken from it, or why and with which key a client left. */
export interface Tombstone {
  kind: GoneRecord['kind'];
  why: GoneRecord['why'];
  /** Of a client: `client/<name>`, which no node's is. */
  nodeId: string;
  publicKey: string;
  subnets: GrantText[];
  modRevision: number;
}

export interface MeshSnapshot {
  revision: number;
  network: NetworkPlan | undefined;
  nodes: NodeEntry[];
  clients: ClientEntry[];
  containers: ContainersEntry[];
  /** Ids of those that are drained. */
  draining: string[];
  gone: Tombstone[];
  /** Keys whose values cannot be read. */
  quarantined: string[];
  /** Ids of the nodes among them. */
  quarantinedNodes: string[];
  /** Names of the clients among them. */
  quarantinedClients: string[];
}
