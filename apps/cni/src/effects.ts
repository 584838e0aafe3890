/** What the verbs do: each asks the node-manager, within the time the configuration allows. */
import type { CheckInput } from '@wgcni/api';
import { CatalogueError, messageOf, toCatalogueError, type Log } from '@wgcni/base';
import { uniquePart, type AddEnvironment, type Addition, type NetworkConfig, type VerbEffects } from '@wgcni/cni';
import { processStartedAt } from './boot.ts';
import { Budget } from './budget.ts';
import { deleteOrQueue } from './deletion.ts';
import type { PluginFaultPoints } from './fault-points.ts';
import { NodeManager, type AttachmentKey } from './node-manager.ts';
import { mayHaveArrived } from './rest.ts';
import { enqueue, withdraw } from './queue.ts';
import { judgeStatus } from './status-verdict.ts';

/** The confirmation only spares a later ADD some work, so it may not hold up this one. */
const answeredLimitMs = 500;
const undoLimitMs = 5_000;
/** A node that does not tell its state within this is not ready. */
const statusLimitMs = 5_000;
/** The node-manager stops this much, or a tenth of what is left, before we do: then its own answer says what was slow. */
const marginMs = 1_000;
/** Kept of an ADD's time, at most a tenth of it, for taking back what may have been attached though no answer came. */
const takeBackMs = 500;

/** The effects over the socket and the queue that each configuration names. */
export function nodeEffects(log: Log, reach: PluginFaultPoints): VerbEffects {
  return {
    add: (config, environment, ips) => attach(config, environment, ips, { log, reach }),
    del: (config, { containerId, ifName, netns }) =>
      deleteOrQueue({ network: config.name, containerId, ifName }, netns, {
        nodeManager: new NodeManager(config.socket),
        queue: { enqueue: (entry) => enqueue(config.queueDir, entry, { reach }), withdraw },
        startedAt: processStartedAt,
        budget: new Budget(config.delTimeoutMs),
        log,
        reach,
      }),
    check: (config, { containerId, ifName, netns }, listed) =>
      check(config, { network: config.name, containerId, ifName }, { netns, ...listed }),
    gc: async (config, valid) => {
      const input = { valid, ...(config.isGcForced ? { force: true } : {}) };
      const signal = new Budget(config.timeoutMs).signal();
      const { kept } = await new NodeManager(config.socket).collect(config.name, input, signal);
      if (kept.length > 0) log.warn({ kept, remedy: 'set gcForce to remove what is alive' }, 'gc.kept-alive');
    },
    status: (config) => reportStatus(config, log),
  };
}

async function attach(
  config: NetworkConfig,
  { containerId, ifName, netns, isHostNetnsAllowed }: AddEnvironment,
  ips: string[],
  { log, reach }: { log: Log; reach: PluginFaultPoints },
): Promise<Addition> {
  const nodeManager = new NodeManager(config.socket);
  const key = { network: config.name, containerId, ifName };
  const budget = new Budget(config.timeoutMs);
  const attempt = uniquePart(process.pid, process.hrtime.bigint());
  const keptMs = Math.ceil(Math.min(takeBackMs, budget.remainingMs() / 10));
  const remainingMs = Math.max(1, budget.remainingMs() - keptMs);
  const input = {
    netns,
    attempt,
    deadlineMs: Math.max(1, Math.floor(remainingMs - Math.min(marginMs, remainingMs / 10))),
    ...(ips.length === 0 ? {} : { requestedIps: ips }),
    ...(isHostNetnsAllowed ? { allowHostNetns: true } : {}),
    ...(config.isDelegated ? { addressesOnly: true } : {}),
  };
  reach('add/before the request');
  const undo = (limitMs = undoLimitMs): Promise<void> =>
    logged(log, 'add.not-undone', key, nodeManager.detach(key, AbortSignal.timeout(limitMs), { attempt }));
  const answer = await nodeManager
    .attach(key, input, AbortSignal.timeout(remainingMs))
    .catch(async (error: unknown) => {
      // The node-manager takes back what it could not answer; this is for an answer that was on its way.
      if (mayHaveArrived(error)) await undo(keptMs);
      throw error;
    });
  reach('add/answered by the node-manager');
  try {
    const answered = (): Promise<void> =>
      logged(log, 'add.not-confirmed', key, nodeManager.answered(key, attempt, AbortSignal.timeout(answeredLimitMs)));
    return { attached: nodeManager.readAttachment(answer), answered, undo: () => undo() };
  } catch (incomprehensible) {
    await undo();
    throw incomprehensible;
  }
}

/** SPEC: CNI 1.1 CHECK, code 11: with the node-manager away nothing is known, and the container must not be taken for broken. */
async function check(config: NetworkConfig, key: AttachmentKey, input: CheckInput): Promise<void> {
  try {
    await new NodeManager(config.socket).check(key, input, new Budget(config.timeoutMs).signal());
  } catch (error) {
    throw isAway(error) ? renamed(error, 'try.again') : error;
  }
}

async function reportStatus(config: NetworkConfig, log: Log): Promise<void> {
  const signal = new Budget(Math.min(config.timeoutMs, statusLimitMs)).signal();
  const status = await new NodeManager(config.socket).status(signal).catch((error: unknown) => {
    throw renamed(toCatalogueError(error), 'node.unavailable');
  });
  const { error, warnings } = judgeStatus(status, config.isStatusStrict);
  if (error !== undefined) throw error;
  for (const warning of warnings) log.warn({ warning }, 'status.limited');
}

function isAway(error: unknown): error is CatalogueError {
  return error instanceof CatalogueError && ['node-manager.unreachable', 'timed.out'].includes(error.code);
}

/** The same failure under the code that this verb has for it. */
function renamed(error: CatalogueError, code: 'try.again' | 'node.unavailable'): CatalogueError {
  return new CatalogueError(code, error.message, {
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
    cause: error,
  });
}

/** Waits for what may fail without changing the answer; a failure is logged. */
async function logged(log: Log, event: string, key: AttachmentKey, attempt: Promise<void>): Promise<void> {
  try {
    await attempt;
  } catch (error) {
    log.warn({ ...key, reason: messageOf(error) }, event);
  }
}
