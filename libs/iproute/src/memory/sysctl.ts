/** Kernel switches in memory, one set for each namespace. */
import { CatalogueError } from '@wgcni/base';
import type { NetnsPath, Sysctl } from '../port.ts';

export class MemorySysctl implements Sysctl {
  readonly #values = new Map<NetnsPath, Map<string, string>>();
  /** The value of a switch that was never written; undefined stands for a switch the kernel does not have. */
  readonly #initial: (name: string) => string | undefined;

  constructor(initial: (name: string) => string | undefined = () => '0') {
    this.#initial = initial;
  }

  async read(name: string, netns?: NetnsPath): Promise<string | undefined> {
    return this.#values.get(netns)?.get(name) ?? this.#initial(name);
  }

  async write(values: Readonly<Record<string, string>>, netns?: NetnsPath): Promise<void> {
    const known = this.#values.get(netns) ?? new Map<string, string>();
    this.#values.set(netns, known);
    for (const [name, value] of Object.entries(values)) {
      if (this.#initial(name) === undefined) {
        throw new CatalogueError('kernel.refused', `the kernel has no switch ${name}`, {
          remedy: 'load the module that brings it, or leave the feature that needs it off',
        });
      }
      known.set(name, value);
    }
  }
}
