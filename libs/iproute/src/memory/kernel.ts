/** A kernel in memory behind the IpRoute port: namespaces with links, addresses and routes, for tests of what stands above. */
import { CatalogueError } from '@wgcni/base';
import { coalesced } from '../coalesced.ts';
import { netnsUnusable, refused } from '../kernel/failures.ts';
import type { IpRoute, KernelChange, KernelState, LinkState, NetnsPath, RouteState } from '../port.ts';
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
      const refusal = this.refuseWhen?.(change, netns) ?? namespace.apply(change);
      if (refusal !== undefined) throw refused(change, refusal);
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

  #namespace(path: NetnsPath): MemoryNamespace {
    const namespace = this.#namespaces.get(path);
    if (namespace === undefined) throw netnsUnusable(path ?? '', 'no such namespace');
    return namespace;
  }

  #announce(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
