/** A cluster in memory for tests of the node: what the cluster-managers answer and what they would write to the store. */
import type {
  ManagerClient,
  RegisterInput,
  Registration,
  ReleaseInput,
  Renewal,
  RenewInput,
  ReportInput,
} from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import { optionsOf, parseCidr } from '@wgcni/ipam';
import { keysOf, type MemoryStore, type NetworkRecord, type NodeRecord, type Write } from '@wgcni/store';
import { createHash, randomBytes } from 'node:crypto';
import { networkPlanOf } from '../view/network-plan.ts';

export const clusterName = 'test';

interface Held {
  instance: string;
  /** Live until the test lets it lapse. */
  isLive: boolean;
}

export class FakeCluster {
  readonly store: MemoryStore;
  readonly keys = keysOf(clusterName);
  readonly network: NetworkRecord = {
    ...{ schema: 1, networkId: randomBytes(16).toString('hex'), mtu: 1_420, keepaliveSec: 25 },
    ...{ registrationTtlSec: 3, holdDownSec: 86_400 },
    pools: [
      { cidr: '10.64.0.0/12', prefixLength: 24 },
      { cidr: 'fd64::/48', prefixLength: 64 },
    ],
  };
  readonly registrations = new Map<string, Held>();
  readonly draining = new Set<string>();
  readonly deleted = new Set<string>();
  /** Every call that was made, in order. */
  readonly calls: {
    name: 'register' | 'renew' | 'release';
    nodeId: string;
    input: RegisterInput | RenewInput | ReleaseInput;
  }[] = [];
  isDown = false;
  /** The newest report of each node. */
  readonly reports = new Map<string, ReportInput>();
  #granted = 0;

  constructor(store: MemoryStore) {
    this.store = store;
  }

  /** What a node's client would be. */
  readonly manager: Pick<ManagerClient, 'register' | 'renew' | 'release' | 'putContainers' | 'putReport' | 'useUrls'> =
    {
      register: async (nodeId, input) => this.#register(nodeId, input),
      renew: async (nodeId, input) => this.#renew(nodeId, input),
      release: async (nodeId, input) => this.#release(nodeId, input),
      putContainers: async (nodeId, { containers }) => {
        const value = JSON.stringify({ schema: 1, nodeId, containers });
        const revision = await this.write({ kind: 'put', key: this.keys.containersOf(nodeId), value });
        return { published: containers.length, revision };
      },
      putReport: async (nodeId, report) => void this.reports.set(nodeId, report),
      useUrls: () => {},
    };

  async putNetwork(): Promise<void> {
    await this.write({ kind: 'put', key: this.keys.network, value: JSON.stringify(this.network) });
  }

  nodeRecord(nodeId: string): NodeRecord | undefined {
    const item = this.store.backend.get(this.keys.node(nodeId));
    return item === undefined ? undefined : (JSON.parse(item.value) as NodeRecord);
  }

  async putNode(record: Partial<NodeRecord> & Pick<NodeRecord, 'nodeId'>): Promise<NodeRecord> {
    const publicKey = createHash('sha256').update(record.nodeId).digest('base64');
    const whole = { schema: 1, publicKey, endpoints: [], subnets: [], draining: false, ...record };
    await this.write({ kind: 'put', key: this.keys.node(record.nodeId), value: JSON.stringify(whole) });
    return whole;
  }

  /** Deletes a node as the leader does: record and tombstone in one transaction. */
  async deleteNode(nodeId: string): Promise<void> {
    const record = this.nodeRecord(nodeId);
    this.deleted.add(nodeId);
    this.registrations.delete(nodeId);
    const { publicKey = '', subnets = [] } = record ?? {};
    const tombstone = { schema: 1, kind: 'node', id: nodeId, why: 'deleted', nodeId, publicKey, subnets, at: '' };
    await this.write(
      { kind: 'delete', key: this.keys.node(nodeId) },
      { kind: 'put', key: this.keys.goneEntry('node', nodeId), value: JSON.stringify(tombstone) },
    );
  }

  async write(...then: Write[]): Promise<number> {
    const outcome = await this.store.transact({ compare: [], then });
    if (outcome.arm !== 'committed') throw new Error(`the write was ${outcome.arm}`);
    return outcome.revision;
  }

  async #register(nodeId: string, input: RegisterInput): Promise<Registration> {
    this.#note('register', nodeId, input);
    if (this.deleted.has(nodeId) && input.takeOver !== true)
      throw new CatalogueError('node.deleted', `${nodeId} was deleted`);
    const rival = this.registrations.get(nodeId);
    if (rival?.isLive === true && rival.instance !== input.instance && input.takeOver !== true) {
      throw new CatalogueError('node.registered', `${nodeId} is registered by instance ${rival.instance}`);
    }
    if (input.networkId !== undefined && input.networkId !== this.network.networkId) {
      throw new CatalogueError('network.mismatch', `the network is ${this.network.networkId}`);
    }
    this.deleted.delete(nodeId);
    const known = this.nodeRecord(nodeId)?.subnets ?? [];
    const draining = this.draining.has(nodeId);
    const subnets = known.length > 0 ? known : input.held.length > 0 || draining ? input.held : this.#grant();
    this.registrations.set(nodeId, { instance: input.instance, isLive: true });
    await this.putNode({ nodeId, publicKey: input.publicKey, endpoints: input.endpoints, subnets, draining });
    const revision = this.store.backend.revision;
    const network = { ...networkPlanOf(this.network), ...optionsOf(this.network), revision };
    return { nodeId, network, subnets, ttlSec: network.registrationTtlSec, draining, revision };
  }

  async #renew(nodeId: string, input: RenewInput): Promise<Renewal> {
    this.#note('renew', nodeId, input);
    const held = this.registrations.get(nodeId);
    if (held?.isLive === true && held.instance !== input.instance) {
      throw new CatalogueError('node.registered', `${nodeId} is registered by instance ${held.instance}`);
    }
    const grantIds = (this.nodeRecord(nodeId)?.subnets ?? []).map(({ grantId }) => grantId);
    if (held?.isLive !== true || grantIds.sort().join() !== [...input.grantIds].sort().join()) {
      throw new CatalogueError('registration.gone', `${nodeId} is not registered with these grants`);
    }
    return {
      ttlSec: this.network.registrationTtlSec,
      draining: this.draining.has(nodeId),
      revision: this.store.backend.revision,
      authority: null,
      hasReport: true,
    };
  }

  async #release(nodeId: string, input: ReleaseInput): Promise<void> {
    this.#note('release', nodeId, input);
    const rival = this.registrations.get(nodeId);
    if (rival?.isLive === true && rival.instance !== input.instance)
      throw new CatalogueError('node.registered', `${nodeId} is registered by instance ${rival.instance}`);
    const record = this.nodeRecord(nodeId);
    if (record === undefined) return;
    await this.putNode({
      ...record,
      subnets: record.subnets.filter(({ grantId }) => !input.grantIds.includes(grantId)),
    });
  }

  #grant(): NodeRecord['subnets'] {
    this.#granted += 1;
    const subnets = [`10.64.${this.#granted}.0/24`, `fd64:0:0:${this.#granted}::/64`];
    const families = new Set(this.network.pools.map(({ cidr }) => parseCidr(cidr).family));
    return subnets
      .filter((cidr) => families.has(parseCidr(cidr).family))
      .map((cidr) => ({ cidr, grantId: randomBytes(16).toString('hex') }));
  }

  #note(
    name: 'register' | 'renew' | 'release',
    nodeId: string,
    input: RegisterInput | RenewInput | ReleaseInput,
  ): void {
    this.calls.push({ name, nodeId, input });
    if (this.isDown) throw new CatalogueError('leader.absent', 'nobody answered');
  }
}
