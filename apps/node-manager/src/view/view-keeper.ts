/** The node's view: kept on disk, moved by what the store shows and the cluster-managers say, told to whoever works by it. */
import type { Registration } from '@wgcni/api';
import { CatalogueError, type Log, SerialQueue } from '@wgcni/base';
import { parseCidr } from '@wgcni/ipam';
import type { KernelState } from '@wgcni/iproute';
import { join } from 'node:path';
import { readJsonFile, writeJsonText } from '../json-file.ts';
import type { NodeView } from '../node-view.ts';
import { ClusterViewSchema, emptyView, type ClusterView, type GrantText } from './cluster-view.ts';
import { findOverlap } from './find-overlap.ts';
import { networkPlanOf } from './network-plan.ts';
import { nodeViewOf } from './node-view-of.ts';
import { planView, type ViewAlarm } from './plan-view.ts';
import type { ContainersEntry, MeshSnapshot } from './snapshot.ts';

export interface ViewKeeperDeps {
  dataDir: string;
  nodeId: string;
  /** The host's links, addresses and routes, to tell what a grant would overlap. */
  observe: () => Promise<KernelState>;
  log: Log;
}

export class ViewKeeper {
  readonly #deps: ViewKeeperDeps;
  readonly #queue = new SerialQueue();
  readonly #listeners: ((view: ClusterView, before: ClusterView) => void)[] = [];
  #view: ClusterView = emptyView;
  /** The view as it stands on disk. */
  #text = JSON.stringify(emptyView);
  #isStored = false;
  #hasReadStore = false;
  #quarantined: string[] = [];
  /** What the store showed last. */
  #snapshot: MeshSnapshot | undefined;

  constructor(deps: ViewKeeperDeps) {
    this.#deps = deps;
  }

  get view(): ClusterView {
    return this.#view;
  }

  /**
   * What the attachments work by; undefined until this node was granted something. A node that lost its data directory does not know
   * its own subnets until it is registered again, which takes as long as its earlier registration lives: until then the
   * tunnels of its containers must stay as they are.
   */
  get attachmentsView(): NodeView | undefined {
    return this.#view.hasJoined ? this.nodeView : undefined;
  }

  /** What the rest of the node works by; undefined before the network is known. */
  get nodeView(): NodeView | undefined {
    return nodeViewOf(this.#view);
  }

  /** What the store showed last of this node's own containers, and at which revision; undefined before it was read. */
  get published(): { entry: ContainersEntry | undefined; revision: number } | undefined {
    if (this.#snapshot === undefined) return undefined;
    const { containers, revision } = this.#snapshot;
    return { entry: containers.find(({ nodeId }) => nodeId === this.#deps.nodeId), revision };
  }

  /** Whether the view is the one from disk: the store has not been read since the start. */
  get isStored(): boolean {
    return this.#isStored && !this.#hasReadStore;
  }

  /** Keys of the records that could not be read last. */
  get quarantined(): readonly string[] {
    return this.#quarantined;
  }

  /** Calls `listener` after every change that is on disk, with the view before it too. */
  onChange(listener: (view: ClusterView, before: ClusterView) => void): void {
    this.#listeners.push(listener);
  }

  /** Reads the last view from disk. Throws CatalogueError `config.invalid` when it cannot be read. */
  async load(): Promise<void> {
    const reading = await readJsonFile(viewPath(this.#deps.dataDir), ClusterViewSchema);
    if (reading.kind === 'unreadable') {
      throw new CatalogueError('config.invalid', `the stored view cannot be read: ${reading.why}`, {
        field: '--data-dir',
        remedy: `restore ${viewPath(this.#deps.dataDir)}, or remove it: the node then asks the cluster for what it holds`,
      });
    }
    if (reading.kind === 'read') {
      this.#view = reading.value;
      this.#text = JSON.stringify(reading.value);
    }
    this.#isStored = reading.kind === 'read';
  }

  /** Takes what the store shows of `mesh/`; resolves with whether this node's own record fits what it holds. */
  accept(snapshot: MeshSnapshot): Promise<{ isOwnRecordRight: boolean }> {
    return this.#queue.run(async () => {
      const { view, alarms } = planView(this.#view, snapshot, this.#deps.nodeId);
      for (const alarm of alarms) this.#raise(alarm);
      this.#noteQuarantined(snapshot.quarantined);
      if (!alarms.some(({ kind }) => kind === 'network-foreign')) {
        this.#hasReadStore = true;
        this.#snapshot = snapshot;
        await this.#keep(view);
      }
      return { isOwnRecordRight: isOwnRecordRight(this.#view, snapshot, this.#deps.nodeId) };
    });
  }

  /**
   * Takes what a registration answered: network and grants. A grant that overlaps something of the host is refused and named.
   * Throws CatalogueError `network.mismatch` when the answer is of another network than the one known; nothing changes then.
   */
  take({ network, subnets, revision }: Registration): Promise<void> {
    return this.#queue.run(async () => {
      const known = this.#view.network;
      // FENCE: a node refuses another network id than its own (design §4.15).
      if (known !== null && known.networkId !== network.networkId)
        throw otherNetwork(known.networkId, network.networkId);
      const grants = subnets.map(({ cidr, grantId }) => ({ cidr, grantId }));
      const taken = {
        ...this.#view,
        network: networkPlanOf(network, known),
        grants,
        grantsRevision: revision,
        leaving: this.#view.leaving.filter((one) => !grants.some(({ grantId }) => grantId === one.grantId)),
        refused: await this.#refused(grants),
        hasJoined: this.#view.hasJoined || grants.length > 0,
      };
      // FENCE: an answer that was long on its way gives nothing back that the store has shown to be lost since.
      const later = (this.#snapshot?.revision ?? 0) > revision ? this.#snapshot : undefined;
      await this.#keep(later === undefined ? taken : planView(taken, later, this.#deps.nodeId).view);
    });
  }

  /** Stops using every grant; they stay known as leaving until `forgetLeaving`. */
  surrender(): Promise<void> {
    return this.#queue.run(() =>
      this.#keep({ ...this.#view, grants: [], refused: [], leaving: [...this.#view.leaving, ...this.#view.grants] }),
    );
  }

  /** The cluster says whether this node drains. */
  noteDraining(isDraining: boolean): Promise<void> {
    return this.#queue.run(() => this.#keep({ ...this.#view, isDraining }));
  }

  /** These keys are not on the mesh device: that they left need not be known any more. */
  forgetDeparted(keys: readonly string[]): Promise<void> {
    const gone = new Set(keys);
    return this.#queue.run(() => {
      // A client that is shown again from before it was removed is cut off by its departed key.
      const shown = new Set(this.#view.clients?.map(({ publicKey }) => publicKey));
      const departed = this.#view.departed.filter((key) => !gone.has(key) || shown.has(key));
      return this.#keep({ ...this.#view, departed });
    });
  }

  /** The cluster knows that these grants are not used any more. */
  forgetLeaving(released: readonly GrantText[]): Promise<void> {
    const ids = new Set(released.map(({ grantId }) => grantId));
    return this.#queue.run(() =>
      this.#keep({ ...this.#view, leaving: this.#view.leaving.filter(({ grantId }) => !ids.has(grantId)) }),
    );
  }

  /** What is used already stays in use: only a grant that is new, or was refused before, is looked at. */
  async #refused(grants: readonly GrantText[]): Promise<ClusterView['refused']> {
    const { grants: held, refused } = this.#view;
    const isInUse = ({ cidr, grantId }: GrantText): boolean =>
      held.some((one) => one.grantId === grantId) && !refused.some((one) => one.cidr === cidr);
    const state = await this.#deps.observe();
    const found = grants
      .filter((grant) => !isInUse(grant))
      .flatMap(({ cidr }) => {
        const why = findOverlap(parseCidr(cidr), state);
        return why === undefined ? [] : [{ cidr, why }];
      });
    for (const one of found) this.#deps.log.error(one, 'grant.refused');
    return found;
  }

  async #keep(view: ClusterView): Promise<void> {
    const text = JSON.stringify(view);
    if (text === this.#text) return;
    // ORDER: on disk before anyone works by it.
    await writeJsonText(viewPath(this.#deps.dataDir), text);
    const before = this.#view;
    this.#view = view;
    this.#text = text;
    for (const listener of this.#listeners) listener(view, before);
  }

  #raise({ kind, ...fields }: ViewAlarm): void {
    this.#deps.log.warn(fields, `view.${kind}`);
  }

  #noteQuarantined(keys: string[]): void {
    const fresh = keys.filter((key) => !this.#quarantined.includes(key));
    if (fresh.length > 0) this.#deps.log.error({ keys: fresh }, 'view.quarantined');
    this.#quarantined = keys;
  }
}

/** Where the view is kept. */
function viewPath(dataDir: string): string {
  return join(dataDir, 'view.json');
}

/** Whether the store has this node with exactly the grants that it holds or is giving back. */
function isOwnRecordRight({ grants, leaving }: ClusterView, { nodes }: MeshSnapshot, selfId: string): boolean {
  const own = nodes.find(({ nodeId }) => nodeId === selfId);
  if (own === undefined) return grants.length === 0;
  const shown = new Set(own.subnets.map(({ grantId }) => grantId));
  const leavingIds = new Set(leaving.map(({ grantId }) => grantId));
  return (
    grants.every(({ grantId }) => shown.has(grantId)) &&
    [...shown].every((id) => leavingIds.has(id) || grants.some(({ grantId }) => grantId === id))
  );
}

function otherNetwork(known: string, said: string): CatalogueError {
  return new CatalogueError('network.mismatch', `the cluster has network ${said}, this node belongs to ${known}`, {
    field: 'networkId',
    remedy: 'point --manager and --etcd at its own cluster, or remove the node with --teardown before it joins another',
  });
}
