/** A kernel in memory behind the IpRoute port: namespaces with links, addresses and routes, for tests of what stands above. */
import { CatalogueError } from '@wgcni/base';
import { coalesced } from '../coalesced.ts';
import { netnsUnusable, refused } from '../kernel/failures.ts';
import type { AddVeth, IpRoute, KernelChange, KernelState, LinkState, NetnsPath, RouteState } from '../port.ts';
import { MemoryNamespace } from './namespace.ts';

/** Changes within this time come as one. */
const coalesceMs = 5;

export interface NewLink {
  name: string;
  kind: string;
  mtu?: number;
  isUp?: boolean;
}

export class MemoryKernel implements IpRoute {
  /** Every applied change with its namespace, in order, for tests to look at. */
  readonly applied: { change: KernelChange; netns: NetnsPath }[] = [];
  /** When set, a change it gives a text for is refused with that text. */
  refuseWhen: ((change: KernelChange, netns: NetnsPath) => string | undefined) | undefined;

  readonly #namespaces = new Map<NetnsPath, MemoryNamespace>();
  readonly #watchers = new Set<() => void>();
  /** Both indexes of each pair of joined links. */
  readonly #pairs = new Set<readonly [number, number]>();
  #created = 0;
  #indexes = 0;

  constructor() {
    this.addNamespace(undefined);
  }

  /** Makes a namespace known under `path`, with its loopback link up. */
  addNamespace(path: NetnsPath): void {
    this.#namespaces.set(path, new MemoryNamespace(`memory:${++this.#created}`));
    this.addLink(path, { name: 'lo', kind: '', mtu: 65_536, isUp: true });
  }

  /** The namespace and everything in it are gone. */
  removeNamespace(path: string): void {
    this.#namespaces.delete(path);
    this.#dropWidowed();
    this.#announce();
  }

  /** A link that someone made; `interface.exists` when the name is taken. */
  addLink(netns: NetnsPath, { name, kind, mtu = 1420, isUp = false }: NewLink): void {
    const namespace = this.#namespace(netns);
    if (namespace.link(name) !== undefined) {
      throw new CatalogueError('interface.exists', `a link named "${name}" exists already`, {
        remedy: 'remove it or choose another name',
      });
    }
    const link: LinkState = { index: ++this.#indexes, name, kind, isUp, mtu, alias: '', isLoopback: name === 'lo' };
    namespace.links.push(link);
    this.#announce();
  }

  /** A link disappears behind our back; a missing one or a missing namespace is fine. */
  removeLink(netns: NetnsPath, name: string): void {
    this.#namespaces.get(netns)?.removeLink(name);
    this.#dropWidowed();
    this.#announce();
  }

  /** A route that someone else made. */
  addForeignRoute(netns: NetnsPath, route: RouteState): void {
    this.#namespace(netns).addForeignRoute(route);
    this.#announce();
  }

  async observe(netns: NetnsPath): Promise<KernelState> {
    return this.#namespace(netns).observe();
  }

  async apply(changes: readonly KernelChange[], netns: NetnsPath): Promise<void> {
    const namespace = this.#namespace(netns);
    for (const change of changes) {
      const refusal = this.refuseWhen?.(change, netns) ?? this.#applyOne(change, namespace);
      if (refusal !== undefined) throw refused(change, refusal);
      this.#dropWidowed();
      this.applied.push({ change, netns });
    }
    if (changes.length > 0) this.#announce();
  }

  async moveLink(name: string, netns: string, to: string): Promise<void> {
    const [from, target] = [this.#namespace(undefined), this.#namespace(netns)];
    const link = from.link(name);
    if (link === undefined) throw refused({ kind: 'rename-link', name, to }, `Cannot find device "${name}"`);
    if (target.link(to) !== undefined) throw refused({ kind: 'rename-link', name, to }, 'File exists');
    from.removeLink(name);
    target.links.push({ ...link, name: to, isUp: false });
    this.#announce();
  }

  async identify(netns: string): Promise<string> {
    return this.#namespace(netns).identity;
  }

  changes(signal: AbortSignal): AsyncIterable<void> {
    return coalesced(
      (ring) => {
        this.#watchers.add(ring);
        return () => this.#watchers.delete(ring);
      },
      coalesceMs,
      signal,
    );
  }

  /** The fixed MAC of a neighbour, for tests to look at. */
  neighbour(netns: NetnsPath, link: string, address: string): string | undefined {
    return this.#namespace(netns).neighbours.get(`${link} ${address}`);
  }

  #applyOne(change: KernelChange, namespace: MemoryNamespace): string | undefined {
    return change.kind === 'add-veth' ? this.#addVeth(change, namespace) : namespace.apply(change);
  }

  #addVeth({ name, mac, mtu, peer }: AddVeth, here: MemoryNamespace): string | undefined {
    const there = this.#namespaces.get(peer.netns);
    if (there === undefined) return 'Invalid "netns" value';
    const present = here.link(name);
    if (present !== undefined) return present.kind === 'veth' ? undefined : 'File exists';
    if (there.link(peer.name) !== undefined) return 'File exists';
    const usual = { kind: 'veth', mtu, isUp: false, alias: '', isLoopback: false };
    const [index, peerIndex] = [++this.#indexes, ++this.#indexes];
    here.links.push({ ...usual, index, name, mac });
    there.links.push({ ...usual, index: peerIndex, name: peer.name, mac: peer.mac });
    this.#pairs.add([index, peerIndex]);
    return undefined;
  }

  /** A joined link goes with its peer, wherever that was. */
  #dropWidowed(): void {
    const all = [...this.#namespaces.values()];
    const holderOf = (index: number): MemoryNamespace | undefined =>
      all.find(({ links }) => links.some((link) => link.index === index));
    for (const pair of this.#pairs) {
      const holders = pair.map(holderOf);
      if (holders.every((holder) => holder !== undefined)) continue;
      this.#pairs.delete(pair);
      holders.forEach((holder, side) => {
        const widow = holder?.links.find(({ index }) => index === pair[side]);
        if (widow !== undefined) holder?.removeLink(widow.name);
      });
    }
  }

  #namespace(path: NetnsPath): MemoryNamespace {
    const namespace = this.#namespaces.get(path);
    if (namespace === undefined) throw netnsUnusable(path ?? '', 'no such namespace');
    return namespace;
  }

  #announce(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
