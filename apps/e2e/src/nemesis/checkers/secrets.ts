/** A private key stands in no dump, answer, log or command line; a scan that knew no key shows nothing. */
import { ofKind, type HistoryEvent } from '../history/event.ts';

/** Where keys were found, in words. */
export function secretViolations(history: readonly HistoryEvent[]): string[] {
  const scans = ofKind(history, 'secrets');
  if (scans.length === 0) return ['nobody looked for private keys'];
  return scans.flatMap(({ keys, bytes, found }) => [
    ...found.map((where) => `a private key stands in ${where}`),
    ...(keys === 0 || bytes === 0 ? [`the scan knew ${keys} keys and read ${bytes} bytes`] : []),
  ]);
}
