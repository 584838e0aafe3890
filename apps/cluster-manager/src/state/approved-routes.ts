/** The routes that operators have approved, by the nodes that have any: few among thousands. */
import { tryParseCidr, type Cidr } from '@wgcni/ipam';
import type { NodeRecord } from '@wgcni/store';

/** A block behind a node that an operator has let in, whether the node offers it at this moment or not. */
export interface ApprovedRoute {
  nodeId: string;
  cidr: Cidr;
}

export class ApprovedRoutes {
  readonly #byKey = new Map<string, ApprovedRoute[]>();

  /** Of all nodes, in no order. */
  all(): ApprovedRoute[] {
    return [...this.#byKey.values()].flat();
  }

  clear(): void {
    this.#byKey.clear();
  }

  /** The record under a node's key is this now: the last good one of a key that is quarantined, undefined where there is none. */
  note(key: string, { nodeId = '', routes = [] }: Partial<Pick<NodeRecord, 'nodeId' | 'routes'>> = {}): void {
    const approved = routes.flatMap((text) => {
      const cidr = tryParseCidr(text);
      return cidr === undefined ? [] : [{ nodeId, cidr }];
    });
    if (approved.length === 0) this.#byKey.delete(key);
    else this.#byKey.set(key, approved);
  }
}
