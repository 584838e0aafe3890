/** At rest, when everything was deleted, a node holds what is alive and nothing else. */
import { audit } from '../../crash/node-audit.ts';
import { ofKind, type HistoryEvent } from '../history/event.ts';

/** Every leak and loss, in words; a run whose nodes were not looked at is one too. */
export function leakViolations(history: readonly HistoryEvent[]): string[] {
  const rests = new Map(ofKind(history, 'rest').map((event) => [event.nodeId, event]));
  const nodes = ofKind(history, 'run').flatMap(({ realNodes }) => realNodes);
  return nodes.flatMap((nodeId) => {
    const rest = rests.get(nodeId);
    if (rest === undefined) return [`${nodeId} was not looked at`];
    return audit({ ...rest.holdings, alive: new Map(rest.holdings.alive), host: [] }, []).map(
      (words) => `${nodeId}: ${words}`,
    );
  });
}
