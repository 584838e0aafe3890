/** One address, one container: from the answer of an ADD to the request of its DEL nobody else may be given the address. */
import { ofKind, type HistoryEvent } from '../history/event.ts';

interface Holding {
  address: string;
  containerId: string;
  fromMs: number;
  toMs: number;
}

/** Every two holdings of one address that overlap, in words. */
export function addressViolations(history: readonly HistoryEvent[]): string[] {
  const holdings = holdingsOf(history).sort((one, other) => one.fromMs - other.fromMs);
  const latest = new Map<string, Holding>();
  return holdings.flatMap((holding) => {
    const before = latest.get(holding.address);
    if (before === undefined || holding.toMs > before.toMs) latest.set(holding.address, holding);
    if (before === undefined || before.toMs <= holding.fromMs || before.containerId === holding.containerId) return [];
    return [`${holding.address} was given to ${holding.containerId} while ${before.containerId} had it`];
  });
}

function holdingsOf(history: readonly HistoryEvent[]): Holding[] {
  const open = new Map<string, Holding[]>();
  const closed: Holding[] = [];
  for (const operation of ofKind(history, 'operation').sort((one, other) => one.invokeMs - other.invokeMs)) {
    const { name, containerId = '', outcome, addresses = [], invokeMs, endMs } = operation;
    if (name === 'del') {
      for (const holding of open.get(containerId) ?? []) holding.toMs = invokeMs;
      open.delete(containerId);
    }
    if (name !== 'add' || outcome !== 'ok') continue;
    const own = addresses.map((address) => ({ address, containerId, fromMs: endMs, toMs: Infinity }));
    open.set(containerId, [...(open.get(containerId) ?? []), ...own]);
    closed.push(...own);
  }
  return closed;
}
