/** UDP ports for containers' devices: from the configured range, held by neither a record nor a socket. */
import { CatalogueError } from '@wgcni/base';

export interface PortRange {
  first: number;
  last: number;
}

export class ContainerPorts {
  readonly #range: PortRange;
  readonly #taken = new Set<number>();
  #previous: number;

  constructor(range: PortRange) {
    this.#range = range;
    this.#previous = range.last;
  }

  /** Whether `port` is in the configured range. */
  has(port: number): boolean {
    return port >= this.#range.first && port <= this.#range.last;
  }

  /** Marks a recorded port as taken. */
  occupy(port: number): void {
    this.#taken.add(port);
  }

  /**
   * Takes the next free port, going round the range, so that one just freed rests.
   * Throws CatalogueError `pool.exhausted` naming the range.
   */
  take(bound: ReadonlySet<number>): number {
    const { first, last } = this.#range;
    const size = last - first + 1;
    for (let step = 1; step <= size; step += 1) {
      const port = first + ((this.#previous - first + step) % size);
      if (this.#taken.has(port) || bound.has(port)) continue;
      this.#taken.add(port);
      this.#previous = port;
      return port;
    }
    throw new CatalogueError('pool.exhausted', `every UDP port of ${first}-${last} is taken`, {
      field: 'container-ports',
      remedy: 'detach containers, or start the node-manager with a wider --container-ports',
    });
  }

  /** Gives a port back; a free one is fine. */
  free(port: number): void {
    this.#taken.delete(port);
  }
}
