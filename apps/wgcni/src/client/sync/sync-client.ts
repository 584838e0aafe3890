/** The loop of `wgcni client sync`: looks what the register says now, and makes the interface so; what is away is waited for. */
import type { TaggedText } from '@wgcni/api';
import { type CatalogueError, type Clock, type Log, messageOf, type Secret, toCatalogueError } from '@wgcni/base';
import type { IpRoute } from '@wgcni/iproute';
import type { PublicKey } from '@wgcni/wg';
import { type DevicePeer, deviceText, parseClientFile } from './client-file.ts';
import type { HeldDevice, SyncDevice } from './device.ts';
import { peersOf } from './peers-of.ts';
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
  /** How long a peer stays that the configuration names no more: longer than nodes take to register again in a store that was lost. */
  keepMissingMs: number;
}

export class ClientSync {
  readonly #deps: SyncDeps;
  readonly #options: SyncOptions;
  #known: TaggedText | undefined;
  /** Public key → the published endpoint that the interface was given last. */
  #given: ReadonlyMap<string, string> = new Map();
  /** Public key → since when every look has found it vanished that was answered. */
  #missingSince: ReadonlyMap<string, number> = new Map();
  /** What a look found by which nothing was to be done, and nobody was missing: while it is the same, nothing is. */
  #settled: string | undefined;
  /** Event → what it told last. */
  readonly #told = new Map<string, string>();
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
    const isFresh = troubles.length === 0;
    if (this.#known !== undefined) await this.#make(this.#known.text, isFresh).catch(note);
    const [trouble] = troubles;
    if (trouble?.message !== this.#trouble) {
      if (trouble !== undefined)
        log.warn({ code: trouble.code, why: messageOf(trouble), remedy: trouble.remedy }, 'sync.troubled');
      else log.info({}, 'sync.well-again');
    }
    this.#trouble = trouble?.message;
  }

  async #make(text: string, isFresh: boolean): Promise<void> {
    const { device, ip, key, log, clock } = this.#deps;
    const { interfaceName, keepMissingMs } = this.#options;
    const [held, kernel] = [await device.read(), await ip.observe(undefined)];
    const found = JSON.stringify([text, told(held), kernel]);
    if (found === this.#settled) return;
    this.#settled = undefined;
    const file = parseClientFile(text);
    const { peers, missingSince } = peersOf(file.peers, {
      held: held.publicKey === key.publicKey ? held.peers : [],
      ...{ given: this.#given, missingSince: this.#missingSince, nowMs: clock.monotonicMs() },
      ...{ keepMissingMs, isFresh },
    });
    this.#tellOnce('sync.peers-kept', [...missingSince.keys()].sort(), { forSec: keepMissingMs / 1_000 });
    this.#missingSince = missingSince;
    const isOther = !isHeld(peers, key.publicKey, held);
    if (isOther) await device.replace(deviceText(peers, key.privateKey, held));
    this.#given = new Map(file.peers.map(({ publicKey, endpoint }) => [publicKey, endpoint]));
    // FENCE: published ones alone. Where a peer was heard last is what somebody on the way says, who could take another's routes away by it.
    const endpoints = file.peers.map(({ endpoint }) => endpoint);
    const { changes, skipped } = planInterface(interfaceName, { ...file, peers }, endpoints, kernel);
    this.#tellOnce('sync.routes-skipped', skipped, { remedy: 'see --allowed-ips of wgcni client add' });
    if (changes.length > 0) await ip.apply(changes, undefined);
    if (!isOther && changes.length === 0) {
      if (missingSince.size === 0) this.#settled = found;
      return;
    }
    log.info({ interfaceName, peers: peers.length, changes: changes.length }, 'sync.applied');
  }

  /** When it is other than at the look before. */
  #tellOnce(event: string, what: readonly unknown[], more: object): void {
    const text = JSON.stringify(what);
    if (text === (this.#told.get(event) ?? '[]')) return;
    this.#told.set(event, text);
    this.#deps.log[what.length === 0 ? 'info' : 'warn']({ what, ...more }, event);
  }
}

/** What is looked at of the interface: not what is counted, which changes with each packet. */
function told({ publicKey, listenPort, fwmark, peers }: HeldDevice): unknown {
  return [publicKey, listenPort, fwmark, peers.map((peer) => [textOf(peer), peer.endpoint])];
}

interface Described {
  publicKey: string;
  allowedIps: readonly string[];
  keepaliveSec: number;
}

function textOf({ publicKey, allowedIps, keepaliveSec }: Described): string {
  return [publicKey, keepaliveSec, ...allowedIps.toSorted()].join(' ');
}

/** Whether the interface has this key and these peers, and none is to be sent elsewhere. */
function isHeld(peers: readonly DevicePeer[], publicKey: PublicKey, held: HeldDevice): boolean {
  const [wanted, present] = [peers.map(textOf).sort(), held.peers.map(textOf).sort()];
  const isSettled = peers.every(({ endpoint }) => endpoint === undefined);
  return isSettled && held.publicKey === publicKey && JSON.stringify(wanted) === JSON.stringify(present);
}
