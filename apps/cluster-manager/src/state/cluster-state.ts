/** What etcd holds of the cluster, as this replica sees it: typed, indexed, and followed by the reflector. */
import { CatalogueError, type Log } from '@wgcni/base';
import { formatCidr, parseCidr, SubnetPool, type Cidr } from '@wgcni/ipam';
import {
  AdmissionRecord,
  ClientAddressRecord,
  ClientLifeRecord,
  ClientRecord,
  ContainersRecord,
  GoneRecord,
  KeyClaimRecord,
  NetworkRecord,
  NodeRecord,
  RecoveringRecord,
  RegistrationRecord,
  ReplicaRecord,
  SubnetRecord,
  TokenRecord,
  type Change,
  type Keys,
  type StoredKey,
} from '@wgcni/store';
import { type ApprovedRoute, ApprovedRoutes } from './approved-routes.ts';
import { NextChange } from './next-change.ts';
import { Table, type Kept } from './table.ts';

export class ClusterState {
  readonly keys: Keys;
  readonly network = new Table(NetworkRecord);
  readonly nodes = new Table(NodeRecord);
  readonly subnets = new Table(SubnetRecord);
  readonly registrations = new Table(RegistrationRecord);
  readonly claims = new Table(KeyClaimRecord);
  readonly gone = new Table(GoneRecord);
  readonly replicas = new Table(ReplicaRecord);
  readonly recovering = new Table(RecoveringRecord);
  readonly tokens = new Table(TokenRecord);
  readonly admissions = new Table(AdmissionRecord);
  readonly clients = new Table(ClientRecord);
  readonly containers = new Table(ContainersRecord);
  readonly clientAddresses = new Table(ClientAddressRecord);
  readonly clientLives = new Table(ClientLifeRecord);
  readonly #log: Log;
  readonly #subnetsOfNode = new Map<string, Set<string>>();
  readonly #routes = new ApprovedRoutes();
  readonly #lapsed = new Set<string>();
  readonly #next = new NextChange();
  #pool = new SubnetPool([]);
  #revision = 0;
  #timesListed = 0;
  #clientChanges = 0;
  #heard = new Set<string>();

  constructor(keys: Keys, log: Log) {
    this.keys = keys;
    this.#log = log;
  }

  /** The revision up to which this is complete; 0 before the first list. */
  get revision(): number {
    return this.#revision;
  }

  /** How often this was read anew: what came and went between two lists was not seen. */
  get timesListed(): number {
    return this.#timesListed;
  }

  /** Rises with every change of a client or of its life. */
  get clientChanges(): number {
    return this.#clientChanges;
  }

  /** Whether the client's life has ended: the lease is gone and has taken the key with it. */
  isLapsed(name: string): boolean {
    const client = this.clientOf(name);
    // What cannot be read of it may say that it has no end; a life that cannot be read stands there all the same.
    if (client?.record.expires !== true || this.clients.quarantined.has(client.item.key)) return false;
    return this.clientLives.standing(this.keys.clientLife(name)) === undefined;
  }

  /** Names of the clients whose life has ended, in no order: kept with every change, so that nobody looks at all of them for it. */
  lapsedClients(): string[] {
    return [...this.#lapsed];
  }

  /** Records that cannot be read; the last good state of each stays. */
  get quarantinedCount(): number {
    return this.#tables().reduce((sum, { quarantined }) => sum + quarantined.size, 0);
  }

  /** Nodes that registered since this was asked last, whether they still are or not. */
  takeHeard(): ReadonlySet<string> {
    const heard = this.#heard;
    this.#heard = new Set();
    return heard;
  }

  /** Subnets free and taken, as of `revision`. A subnet with a key in any state is taken. */
  get pool(): SubnetPool {
    return this.#pool;
  }

  /** The address plan. Throws CatalogueError `network.absent`. */
  theNetwork(): Kept<NetworkRecord> {
    const network = this.network.get(this.keys.network);
    if (network !== undefined) return network;
    throw new CatalogueError('network.absent', 'this cluster has no network yet', {
      remedy:
        'start a cluster-manager with --bootstrap --pool CIDR:LEN, or restore it with `wgcni network restore VIEW`',
    });
  }

  /** The subnets whose keys name this node, in any state. */
  subnetsOf(nodeId: string): Kept<SubnetRecord>[] {
    return [...(this.#subnetsOfNode.get(nodeId) ?? [])].flatMap((key) => this.subnets.get(key) ?? []);
  }

  /** The approved routes of all nodes, in no order: looked at by every registration, so that no node is asked for it. */
  approvedRoutes(): ApprovedRoute[] {
    return this.#routes.all();
  }

  registrationOf(nodeId: string): Kept<RegistrationRecord> | undefined {
    return this.registrations.get(this.keys.registration(nodeId));
  }

  admissionOf(nodeId: string): Kept<AdmissionRecord> | undefined {
    return this.admissions.get(this.keys.admission(nodeId));
  }

  clientOf(name: string): Kept<ClientRecord> | undefined {
    return this.clients.get(this.keys.client(name));
  }

  lifeOf(name: string): Kept<ClientLifeRecord> | undefined {
    return this.clientLives.get(this.keys.clientLife(name));
  }

  containersOf(nodeId: string): Kept<ContainersRecord> | undefined {
    return this.containers.get(this.keys.containersOf(nodeId));
  }

  nodeOf(nodeId: string): Kept<NodeRecord> | undefined {
    return this.nodes.get(this.keys.node(nodeId));
  }

  /** The key of a subnet, which names its pool too. Undefined when no pool has such subnets. */
  subnetKey(cidr: string): string | undefined {
    const pool = this.#pool.poolOf(parseCidr(cidr));
    return pool === undefined ? undefined : this.keys.subnet(poolText(pool), cidr);
  }

  /** Follows the reflector. */
  apply(change: Change): void {
    if (change.kind === 'snapshot') {
      this.#timesListed += 1;
      this.#clientChanges += 1;
      for (const table of this.#tables()) table.clear();
      this.#subnetsOfNode.clear();
      this.#routes.clear();
      this.#lapsed.clear();
      this.#pool = new SubnetPool([]);
      // The network first: subnets are counted in its pools.
      const network = change.items.get(this.keys.network);
      if (network !== undefined) this.#put(network);
      for (const item of change.items.values()) if (item.key !== this.keys.network) this.#put(item);
    } else {
      for (const event of change.events) {
        if (event.kind === 'put') this.#put(event.item);
        else this.#delete(event.key);
      }
    }
    this.#revision = change.revision;
    this.#next.tell();
  }

  /** Resolves once this is as new as `revision`: a writer reads its own writes. Rejects when the signal aborts. */
  async reached(revision: number, signal: AbortSignal): Promise<void> {
    while (this.#revision < revision) await this.changed(signal);
  }

  /** Resolves at the next change, also one that goes back, as a restored store does. Rejects when the signal aborts. */
  changed(signal: AbortSignal): Promise<void> {
    return this.#next.wait(signal);
  }

  #tables() {
    return [
      this.network,
      this.nodes,
      this.subnets,
      this.registrations,
      this.claims,
      this.gone,
      this.replicas,
      this.recovering,
      this.tokens,
      this.admissions,
      this.clients,
      this.containers,
      this.clientAddresses,
      this.clientLives,
    ];
  }

  #tableOf(key: string) {
    const { keys } = this;
    if (key === keys.network) return this.network;
    if (key === keys.recovering) return this.recovering;
    if (key.startsWith(keys.nodes)) return this.nodes;
    if (key.startsWith(keys.subnets)) return this.subnets;
    if (key.startsWith(keys.registrations)) return this.registrations;
    if (key.startsWith(keys.keyClaims)) return this.claims;
    if (key.startsWith(keys.gone)) return this.gone;
    if (key.startsWith(keys.tokens)) return this.tokens;
    if (key.startsWith(keys.admissions)) return this.admissions;
    if (key.startsWith(keys.clients)) return this.clients;
    if (key.startsWith(keys.containers)) return this.containers;
    if (key.startsWith(keys.clientAddresses)) return this.clientAddresses;
    if (key.startsWith(keys.clientLives)) return this.clientLives;
    return key.startsWith(keys.replicas) ? this.replicas : undefined;
  }

  #put(item: StoredKey): void {
    const table = this.#tableOf(item.key);
    if (table === undefined) return;
    const before = this.subnets.get(item.key);
    if (table.put(item) === undefined) {
      this.#log.error({ key: item.key, reason: table.quarantined.get(item.key) }, 'record.quarantined');
    }
    this.#noteClient(table, item.key);
    if (table === this.nodes) this.#routes.note(item.key, this.nodes.get(item.key)?.record);
    if (table === this.network) this.#growPool();
    if (table === this.registrations) this.#heard.add(item.key.slice(this.keys.registrations.length));
    if (table === this.subnets)
      this.#moveSubnet(item.key, before?.record.nodeId, this.subnets.get(item.key)?.record.nodeId);
  }

  #delete(key: string): void {
    const holder = this.subnets.get(key)?.record.nodeId;
    const table = this.#tableOf(key);
    table?.delete(key);
    this.#noteClient(table, key);
    if (table === this.nodes) this.#routes.note(key, undefined);
    if (!key.startsWith(this.keys.subnets)) return;
    const subnet = subnetOfKey(key);
    if (subnet !== undefined) this.#pool.release(parseCidr(subnet));
    this.#moveSubnet(key, holder, undefined);
  }

  #noteClient(table: object | undefined, key: string): void {
    if (table !== this.clients && table !== this.clientLives) return;
    this.#clientChanges += 1;
    const { clients, clientLives } = this.keys;
    const name = key.slice((table === this.clients ? clients : clientLives).length);
    if (this.isLapsed(name)) this.#lapsed.add(name);
    else this.#lapsed.delete(name);
  }

  /** Takes the pools that are new: pools are only ever added. */
  #growPool(): void {
    const network = this.network.get(this.keys.network);
    const known = new Set(this.#pool.pools.map(poolText));
    for (const { cidr, prefixLength } of network?.record.pools ?? []) {
      if (!known.has(cidr)) this.#pool.grow({ cidr: parseCidr(cidr), prefixLength });
    }
  }

  /** A quarantined subnet is taken too: its key says which it is. */
  #moveSubnet(key: string, from: string | undefined, to: string | undefined): void {
    const subnet = subnetOfKey(key);
    if (subnet !== undefined && this.subnets.quarantined.has(key)) this.#pool.take(parseCidr(subnet));
    if (subnet !== undefined && to !== undefined) this.#pool.take(parseCidr(subnet));
    if (from !== undefined) this.#subnetsOfNode.get(from)?.delete(key);
    if (to === undefined) return;
    const keys = this.#subnetsOfNode.get(to) ?? new Set();
    this.#subnetsOfNode.set(to, keys.add(key));
  }
}

function poolText({ cidr }: { cidr: Cidr }): string {
  return formatCidr(cidr);
}

/** The CIDR that the last part of a subnet's key names. */
function subnetOfKey(key: string): string | undefined {
  return /\/([^/]+)-([0-9]+)$/.exec(key)?.slice(1).join('/');
}
