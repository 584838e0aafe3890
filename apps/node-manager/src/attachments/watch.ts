/** The loops that keep attachments right while the node-manager runs. */
import { type Clock, type Log, messageOf } from '@wgcni/base';
import { releaseLapsed } from '../addresses/join.ts';
import { meshNames } from '../keys/device-names.ts';
import { alignMtu } from './align-mtu.ts';
import type { Core } from './core.ts';
import { freeDead } from './free-dead.ts';
import { reconcile } from './reconcile.ts';
import { reviveDead } from './revive.ts';
import { retryRollbacks } from './roll-back.ts';

/** Userspace processes are looked at, a new MTU is written, and what failed is tried again, this often (design §4.14). */
const processesMs = 2_000;
/** The peers of the pods device, of which nobody tells when somebody else changes them. */
const peersMs = 5_000;
/** Lapsed addresses, failed rollbacks and queued deletions. */
const chores = 10_000;
/** Liveness. */
const livenessMs = 30_000;
/** Everything is read back. */
const readBackMs = 60_000;

/** Runs every loop until the signal aborts; a failure is logged and its loop goes on. */
export async function watchAttachments(core: Core, replay: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
  const { clock, log } = core.deps;
  const loop = (everyMs: number, name: string, task: () => Promise<unknown>): Promise<void> =>
    repeat({ everyMs, name, clock, log }, task, signal);
  let suspects: ReadonlyMap<string, number> = new Map();
  await Promise.all([
    loop(processesMs, 'processes', async () => {
      if (core.isUnsettled) await reconcile(core);
      await reviveDead(core, () => reconcile(core));
    }),
    loop(peersMs, 'peers', async () => {
      if (!(await core.pods.isAsWritten())) await reconcile(core);
    }),
    loop(chores, 'lapsed', () => releaseLapsed(core)),
    loop(chores, 'rollbacks', () => retryRollbacks(core)),
    loop(chores, 'queue', replay),
    loop(livenessMs, 'liveness', async () => (suspects = await freeDead(core, suspects))),
    // A loop of its own: it waits for locks that an ADD may hold.
    loop(processesMs, 'mtu', () => alignMtu(core)),
    followFallingMtu(core, signal),
    loop(readBackMs, 'read-back', () => reconcile(core)),
    followKernel(core, signal),
  ]);
}

interface Loop {
  everyMs: number;
  name: string;
  clock: Clock;
  log: Log;
}

async function repeat(
  { everyMs, name, clock, log }: Loop,
  task: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  while (await slept(clock, everyMs, signal)) {
    try {
      await task();
    } catch (error) {
      log.warn({ loop: name, error: messageOf(error) }, 'attachments.loop-failed');
    }
  }
}

async function followFallingMtu(core: Core, signal: AbortSignal): Promise<void> {
  while (await orAborted(core.mtuFalls.wait(signal), signal)) await alignMtu(core);
}

/** Reconciles after link, address and route changes in the node's namespace; a watch that fails begins anew. */
async function followKernel(core: Core, signal: AbortSignal): Promise<void> {
  const { clock, log, iproute } = core.deps;
  do {
    try {
      // Routes to other nodes are changed with every node that comes or goes, and are not of the pods device.
      for await (const _ of iproute.changes(signal, meshNames(core.deps.nodeId))) await reconcile(core);
    } catch (error) {
      log.warn({ loop: 'kernel', error: messageOf(error) }, 'attachments.loop-failed');
    }
  } while (await slept(clock, processesMs, signal));
}

/** False when the signal aborted instead. */
async function slept(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  return orAborted(clock.sleep(ms, signal), signal);
}

/** True when it came to pass, false when the signal aborted instead. */
function orAborted(passing: Promise<unknown>, signal: AbortSignal): Promise<boolean> {
  return passing.then(
    () => !signal.aborted,
    (error: unknown) => {
      if (signal.aborted) return false;
      throw error;
    },
  );
}
