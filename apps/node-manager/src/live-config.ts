/** The part of a node's configuration that changes while it runs: taken into the one that everybody reads, and told to whoever must act. */
import type { Config } from './config.ts';

/** What of the configuration each flag says that can change. */
const fields = {
  masquerade: ['masquerade'],
  'containers-reach-control-plane': ['containersReachControlPlane'],
  'log-level': ['logLevel'],
  manager: ['managers'],
  endpoint: ['endpoints'],
  underlay: ['underlay'],
  advertise: ['offers'],
} as const satisfies Record<string, readonly (keyof Config)[]>;

type Changed = keyof typeof fields;

/** Names of the flags that can change. */
export const liveFlags = Object.keys(fields) as Changed[];

export class LiveConfig {
  readonly #config: Config;
  readonly #listeners = new Set<(changed: readonly string[]) => void>();

  /** Of the object that the parts of the node read from at each use. */
  constructor(config: Config) {
    this.#config = config;
  }

  /** Takes what those flags say, and nothing else, from a configuration that was judged as a whole. */
  take(next: Config, changed: readonly string[]): void {
    for (const name of liveFlags.filter((flag) => changed.includes(flag)))
      for (const field of fields[name]) Object.assign(this.#config, { [field]: next[field] });
    for (const listener of this.#listeners) listener(changed);
  }

  /** Called after each change, with the names of the flags. */
  onChange(listener: (changed: readonly string[]) => void): void {
    this.#listeners.add(listener);
  }
}
