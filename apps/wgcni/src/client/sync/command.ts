/** `wgcni client sync`: runs until SIGTERM or SIGINT; what it does is told on stderr, a line of JSON each. */
import { writeSync } from 'node:fs';
import { type EndpointFamily, parseDuration } from '@wgcni/api';
import { CatalogueError, type Log, systemClock } from '@wgcni/base';
import { ExecIpRoute, Processes } from '@wgcni/iproute';
import { systemKeys } from '@wgcni/wg';
import type { Answer } from '../../answer.ts';
import { keptManager, type Targets } from '../../targets.ts';
import { readClientKey } from '../private-key.ts';
import { openDevice } from './device.ts';
import { ClientSync } from './sync-client.ts';

export interface SyncFlags {
  interface: string;
  keyFile: string;
  interval: string;
  keepMissing: string;
  family?: EndpointFamily;
}

/** Managers that are away must not keep the interface waiting: they are asked again at the next look. */
const deadlineMs = 3_000;

export async function sync(targets: Targets, name: string, flags: SyncFlags): Promise<Answer> {
  const { interface: interfaceName, keyFile, family } = flags;
  const intervalMs = durationOf('--interval', flags.interval);
  const keepMissingMs = durationOf('--keep-missing', flags.keepMissing);
  const privateKey = await readClientKey(keyFile);
  const key = { privateKey, publicKey: systemKeys.publicKeyOf(privateKey) };
  const stopped = targets.stream.untilStopped();
  const log = stderrLog(name);
  const manager = await keptManager(targets, { clock: systemClock, log, deadlineMs }, stopped);
  const device = await openDevice(interfaceName, new Processes());
  try {
    const deps = {
      fetch: (known: string | undefined, signal: AbortSignal) => manager.clientConfig(name, { family, known }, signal),
      ...{ device, ip: new ExecIpRoute(), key, clock: systemClock, log },
    };
    await new ClientSync(deps, { interfaceName, intervalMs, keepMissingMs }).run(stopped);
  } finally {
    await Promise.all([manager.close(), device.close()]);
  }
  return { value: { name }, text: `${interfaceName} stays as it is` };
}

function durationOf(field: string, text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 1_000 && ms <= 24 * 3_600_000) return ms;
  throw new CatalogueError('config.invalid', `${field} "${text}" is not a duration of 1s to 24h`, {
    field,
    remedy: 'write it like 10s or 5m',
  });
}

function stderrLog(client: string): Log {
  const at =
    (level: string) =>
    (fields: object, event: string): void =>
      void writeSync(2, `${JSON.stringify({ level, time: Date.now(), client, ...fields, msg: event })}\n`);
  return { debug: () => {}, info: at('info'), warn: at('warn'), error: at('error') };
}
