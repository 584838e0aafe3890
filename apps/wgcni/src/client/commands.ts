/** `wgcni client list`, `remove` and `config`. */
import type { EndpointFamily } from '@wgcni/api';
import { Secret } from '@wgcni/base';
import { parsePublicKey } from '@wgcni/wg';
import type { Answer } from '../answer.ts';
import { columnsOf } from '../live/screen.ts';
import { table } from '../table.ts';
import { withManager, type Targets } from '../targets.ts';
import { type DestinationFlags, openDestination } from './destination.ts';
import { readClientKey, withPrivateKey } from './private-key.ts';

export interface ConfigFlags extends DestinationFlags {
  keyFile?: string;
  family?: EndpointFamily;
}

export async function list(targets: Targets): Promise<Answer> {
  const { items } = await withManager(targets, (manager) => manager.clients());
  const rows = items.map(({ name, addresses, via, reachable, allowedIps, expiresAt }) => [
    ...[name, addresses.join(', '), via ?? 'every node', allowedIps?.join(', ') ?? 'all'],
    ...[reachable ? 'yes' : 'no', expiresAt ?? 'never'],
  ]);
  return { value: items, text: table(['client', 'addresses', 'dials', 'sends to', 'reachable', 'ends'], rows) };
}

export interface RemoveFlags {
  publicKey?: string;
}

export async function remove(targets: Targets, name: string, flags: RemoveFlags): Promise<Answer> {
  const publicKey = flags.publicKey === undefined ? undefined : parsePublicKey(flags.publicKey, '--public-key');
  await withManager(targets, (manager) => manager.deleteClient(name, { publicKey }));
  return { value: { name }, text: `${name} is cut off` };
}

/** The configuration as it is now; with the key from a file of this machine, else with the place for it. */
export async function config(targets: Targets, name: string, flags: ConfigFlags): Promise<Answer> {
  const { keyFile, family, out } = flags;
  const key = keyFile === undefined ? undefined : await readClientKey(keyFile);
  const text = (await withManager(targets, (manager) => manager.clientConfig(name, { family })))?.text ?? '';
  const whole = key === undefined ? new Secret(text) : withPrivateKey(text, key);
  const told = await (await openDestination(flags, columnsOf(process.stdout))).deliver(whole);
  return { value: { name, ...(out === undefined ? { config: whole.reveal() } : { out }) }, text: told };
}
