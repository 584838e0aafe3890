/** `wgcni client add`: makes the key pair here, has the cluster take the public half in, and writes the configuration with the private one. */
import { type ClientInput, type EndpointFamily, type ManagerClient, parseDuration } from '@wgcni/api';
import { CatalogueError, Secret, systemClock, toCatalogueError } from '@wgcni/base';
import { parsePublicKey, systemKeys } from '@wgcni/wg';
import type { Answer } from '../answer.ts';
import { columnsOf } from '../live/screen.ts';
import { withManager, type Targets } from '../targets.ts';
import { type DestinationFlags, openDestination } from './destination.ts';
import { withPrivateKey } from './private-key.ts';
import { isUnwritten, takeBack, takeIn } from './take-in.ts';

export interface AddFlags extends DestinationFlags {
  publicKey?: string;
  ttl?: string;
  allowedIps?: string;
  via?: string;
  reachable?: boolean;
  family?: EndpointFamily;
}

/** A replica that did not lead may see the new client a moment later than the leader. */
const lagMs = 3_000;
const askAgainMs = 100;

/** Prints the configuration, or where it is: by no other way the private key leaves this process. */
export async function add(targets: Targets, name: string, flags: AddFlags): Promise<Answer> {
  const pair = flags.publicKey === undefined ? systemKeys.generate() : undefined;
  const input = inputOf(flags, pair?.publicKey ?? parsePublicKey(flags.publicKey ?? '', '--public-key'));
  const destination = await openDestination(flags, columnsOf(process.stdout));
  const work = async (manager: ManagerClient): Promise<Answer> => {
    const back = async (failure: unknown): Promise<CatalogueError> =>
      pair === undefined ? toCatalogueError(failure) : takeBack(manager, name, pair.publicKey, failure);
    const client = await takeIn(manager, name, input, systemClock).catch(async (error: unknown) => {
      throw isUnwritten(error) ? error : await back(error);
    });
    try {
      const text = await configOf(manager, name, flags.family);
      const config = pair === undefined ? new Secret(text) : withPrivateKey(text, pair.privateKey);
      const told = await destination.deliver(config);
      const where = flags.out === undefined ? { config: config.reveal() } : { out: flags.out };
      return { value: { ...client, ...where }, text: told };
    } catch (error) {
      throw await back(error);
    }
  };
  return withManager(targets, work).catch(async (error: unknown) => {
    await destination.giveUp();
    throw error;
  });
}

function inputOf({ ttl, allowedIps, via, reachable }: AddFlags, publicKey: string): ClientInput {
  return {
    publicKey,
    via: via ?? null,
    reachable: reachable ?? false,
    allowedIps: allowedIps?.split(',').map((text) => text.trim()) ?? null,
    ...(ttl === undefined ? {} : { ttlSec: ttl === 'none' ? null : secondsOf(ttl) }),
  };
}

function secondsOf(ttl: string): number {
  const ttlMs = parseDuration(ttl);
  if (ttlMs !== undefined && ttlMs >= 5_000) return ttlMs / 1_000;
  throw new CatalogueError('config.invalid', `--ttl "${ttl}" is not a duration of at least five seconds`, {
    field: '--ttl',
    remedy: 'write it like 12h or 30d, or none for a client without an end',
  });
}

async function configOf(manager: ManagerClient, name: string, family: EndpointFamily | undefined): Promise<string> {
  const until = systemClock.monotonicMs() + lagMs;
  for (;;) {
    try {
      return (await manager.clientConfig(name, { family }))?.text ?? '';
    } catch (error) {
      const isLagging = error instanceof CatalogueError && error.code === 'client.unknown';
      if (!isLagging || systemClock.monotonicMs() >= until) throw error;
    }
    await systemClock.sleep(askAgainMs);
  }
}
