/** The loop of `wgcni client sync`: looks what the register says now, and makes the interface so; what is away is waited for. */
import type { TaggedText } from '@wgcni/api';
import { type CatalogueError, type Clock, type Log, messageOf, type Secret, toCatalogueError } from '@wgcni/base';
import type { IpRoute } from '@wgcni/iproute';
import type { PublicKey } from '@wgcni/wg';
import { type ClientFile, deviceText, parseClientFile } from './client-file.ts';
import type { HeldDevice, SyncDevice } from './device.ts';
import { planInterface } from './plan-interface.ts';

export interface SyncDeps {
  /** The configuration, or undefined when it is still as its tag says. */
  fetch: (known: string | undefined, signal: AbortSignal) => Promise<TaggedText | undefined>;
  device: SyncDevice;
  ip: Pick<IpRoute, 'observe' | 'apply'>;
  key: { privateKey: Secret; publicKey: PublicKey };
  clock: Clock;
  log: Log;
}

export interface SyncOptions {
  interfaceName: string;
  intervalMs: number;
}

export class ClientSync {
  readonly #deps: SyncDeps;
  readonly #options: SyncOptions;
  #known: TaggedText | undefined;
  /** The text that the interface was given last. */
  #applied: string | undefined;
  /** What was wrong at the last look, so that it is told once. */
  #trouble: string | undefined;

  constructor(deps: SyncDeps, options: SyncOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Looks again after each interval, until the signal aborts; the interface stays as it is then. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look(signal);
      await this.#deps.clock.sleep(this.#options.intervalMs, signal).catch(() => undefined);
    }
  }

  /** One look. What was known last is kept up while the managers are away; so is the interface of a client that was removed. */
  async look(signal: AbortSignal): Promise<void> {
    const { log } = this.#deps;
    const troubles: CatalogueError[] = [];
    const note = (error: unknown): undefined => {
      troubles.push(toCatalogueError(error));
    };
    const found = await this.#deps.fetch(this.#known?.etag, signal).catch(note);
    if (signal.aborted) return;
    if (found !== undefined) this.#known = found;
    if (this.#known !== undefined) await this.#make(this.#known.text).catch(note);
    const [trouble] = troubles;
    if (trouble?.message !== this.#trouble) {
      if (trouble !== undefined)
        log.warn({ code: trouble.code, why: messageOf(trouble), remedy: trouble.remedy }, 'sync.troubled');
      else log.info({}, 'sync.well-again');
    }
    this.#trouble = trouble?.message;
  }

  async #make(text: string): Promise<void> {
    const { device, ip, key, log } = this.#deps;
    const { interfaceName } = this.#options;
    const file = parseClientFile(text);
    const held = await device.read();
    const isOther = this.#applied !== text || !isHeld(file, key.publicKey, held);
    if (isOther) await device.replace(deviceText(file, key.privateKey, held));
    this.#applied = text;
    const changes = planInterface(interfaceName, file, await ip.observe(undefined));
    if (changes.length > 0) await ip.apply(changes, undefined);
    if (!isOther && changes.length === 0) return;
    log.info({ interfaceName, peers: file.peers.length, changes: changes.length }, 'sync.applied');
  }
}

/** Whether the interface has this key and these peers; where a peer is now is WireGuard's business. */
function isHeld({ peers }: ClientFile, publicKey: PublicKey, held: HeldDevice): boolean {
  const told = (each: { publicKey: string; allowedIps: readonly string[]; keepaliveSec: number }): string =>
    [each.publicKey, each.keepaliveSec, ...each.allowedIps.toSorted()].join(' ');
  const [wanted, present] = [peers.map(told).sort(), held.peers.map(told).sort()];
  return held.publicKey === publicKey && JSON.stringify(wanted) === JSON.stringify(present);
}
