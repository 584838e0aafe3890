/**
 * Who owns a subnet, as the nodes themselves were told: for every subnet the answers must fit one order in which it has one owner at a time.
 * etcd is not asked here; what a node was answered is what it acts on.
 */
import { ofKind, type HistoryEvent, type OperationEvent, type RunEvent } from '../history/event.ts';
import { grouped } from './grouped.ts';
import { firstContradiction, type RegisterOperation, type Spontaneous } from './linearizable.ts';

const free = '';

/** Every subnet whose answers contradict each other, in words. */
export function ownershipViolations(history: readonly HistoryEvent[]): string[] {
  const [run] = ofKind(history, 'run');
  if (run === undefined) return ['the history does not say what was run'];
  const operations = ofKind(history, 'operation').filter(({ nodeId, name }) => nodeId !== undefined && name !== 'list');
  const registers = operations.flatMap(answersOf(grouped(operations, ({ process }) => process)));
  // What came after the snapshot was taken, at the strike, is lost too: up to the end of the store.
  const lossesMs = ofKind(history, 'fault').flatMap(({ harm, struckMs }) => (harm === 'history' ? [struckMs] : []));
  const losses = { run, lossesMs, registers };
  const drops = spansOf(operations, losses);
  const subnets = new Set(registers.map(({ cidr }) => cidr));
  return [...subnets].sort().flatMap((cidr) => {
    const own = registers.filter((each) => each.cidr === cidr);
    const grants = new Set(own.map(({ grantId }) => grantId));
    const contradiction = firstContradiction(
      own,
      drops.filter(({ grantId }) => grants.has(grantId)),
      free,
    );
    if (contradiction === undefined) return [];
    const { operation, possible } = contradiction;
    const owners = possible.map((state) => (state === free ? 'nobody' : state)).join(' or ');
    return [`${cidr}: ${operation.what} at ${Math.round(operation.endMs)} ms, when its grant could only be ${owners}`];
  });
}

type Answer = RegisterOperation & { cidr: string; grantId: string };

/** What each answer says of the state of each subnet. */
function answersOf(all: ReadonlyMap<string, OperationEvent[]>): (operation: OperationEvent) => Answer[] {
  return (operation) => {
    const { name, process, outcome, grants = [], endMs } = operation;
    if (outcome !== 'ok') return [];
    const invokeMs = name === 'register' ? firstTryMs(all.get(process) ?? [], operation) : operation.invokeMs;
    return grants.flatMap(({ cidr, grantId }) => {
      const about = { cidr, grantId, invokeMs, endMs, what: `${name} by ${process} with grant ${grantId}` };
      if (name === 'register')
        return [{ ...about, apply: (state: string) => ([free, grantId].includes(state) ? grantId : undefined) }];
      if (name === 'renew') return [{ ...about, apply: (state: string) => (state === grantId ? state : undefined) }];
      if (name === 'release') return [{ ...about, apply: (state: string) => (state === grantId ? free : state) }];
      return [];
    });
  };
}

/** A registration that was not answered may have been done: the one that is answered then tells what it gave. */
function firstTryMs(own: readonly OperationEvent[], operation: OperationEvent): number {
  let first = operation.invokeMs;
  for (let index = own.indexOf(operation) - 1; index >= 0; index -= 1) {
    const earlier = own[index];
    if (earlier?.name !== 'register' || earlier.outcome === 'ok') break;
    first = earlier.invokeMs;
  }
  return first;
}

interface Losses {
  run: RunEvent;
  /** When the store has lost history. */
  lossesMs: readonly number[];
  registers: readonly Answer[];
}

/** When a grant may have ended without its node: released or forgotten with an unknown outcome, or reclaimed after a silence. */
function spansOf(operations: readonly OperationEvent[], losses: Losses): (Spontaneous & { grantId: string })[] {
  const byNode = grouped(operations, ({ nodeId = '' }) => nodeId);
  return [...byNode.values()].flatMap((own) => [
    ...own.flatMap(({ name, invokeMs, grants = [] }, index) => {
      // A forgotten node loses all that it ever had.
      const grantIds =
        name === 'forget' ? own.slice(0, index).flatMap((each) => each.grants ?? []) : name === 'release' ? grants : [];
      return grantIds.map(({ grantId }) => mayEnd(grantId, invokeMs, Infinity));
    }),
    ...silencesOf(own, losses),
    ...outclaimed(own, losses),
  ]);
}

/**
 * After a loss the store knows a grant only once its node was heard again; until then a node that claims an earlier grant of the subnet has it
 * (decision 0002). A new grant may not be made of it.
 */
function outclaimed(
  own: readonly OperationEvent[],
  { lossesMs, registers }: Losses,
): (Spontaneous & { grantId: string })[] {
  const lives = own.filter(({ name, outcome }) => outcome === 'ok' && (name === 'renew' || name === 'register'));
  return lives.flatMap(({ invokeMs, grants = [] }, index) => {
    const toMs = lives[index + 1]?.endMs ?? Infinity;
    return lossesMs
      .filter((atMs) => atMs >= invokeMs && atMs <= toMs)
      .flatMap((atMs) => {
        const earlier = new Set(registers.filter(({ endMs }) => endMs < atMs).map(({ grantId }) => grantId));
        const isOutclaimed = ({ cidr, grantId }: { cidr: string; grantId: string }): boolean =>
          registers.some(
            (other) =>
              other.cidr === cidr &&
              other.grantId !== grantId &&
              earlier.has(other.grantId) &&
              other.endMs > atMs &&
              other.invokeMs < toMs,
          );
        return grants.filter(isOutclaimed).map(({ grantId }) => mayEnd(grantId, atMs, toMs));
      });
  });
}

/** Spans in which the hold-down can have ended: longer after a sign of life than it takes. */
function silencesOf(own: readonly OperationEvent[], { run, lossesMs }: Losses): (Spontaneous & { grantId: string })[] {
  const lives = own.filter(({ name, outcome }) => outcome === 'ok' && (name === 'renew' || name === 'register'));
  const grantIds = [...new Set(lives.flatMap(({ grants = [] }) => grants.map(({ grantId }) => grantId)))];
  return lives.flatMap(({ invokeMs }, index) => {
    const endMs = lives[index + 1]?.endMs ?? Infinity;
    const isForgotten = lossesMs.some((atMs) => atMs >= invokeMs && atMs <= endMs);
    // A store that was set back is recovering for three TTLs: who stays away for longer may find that nobody knew of it.
    const silence = isForgotten ? run.registrationTtlMs * 3 : run.holdDownMs;
    const fromMs = invokeMs + silence / run.clockRate;
    return fromMs > endMs ? [] : grantIds.map((grantId) => mayEnd(grantId, fromMs, endMs));
  });
}

function mayEnd(grantId: string, fromMs: number, toMs: number): Spontaneous & { grantId: string } {
  return { grantId, fromMs, toMs, state: grantId, becomes: free };
}
