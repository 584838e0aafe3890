/** Runs the work of a command and prints what comes of it: one answer, or one after the other. */
import type { Answer } from '../answer.ts';
import { looks } from '../live/looks.ts';
import { intervalOf } from '../live/interval.ts';
import type { Said, Targets } from '../targets.ts';
import type { Outlet } from './outlet.ts';
import { printedAnswer, printedError, printedItem, printedWarning, statusOf } from './printed.ts';
import type { Work } from './work.ts';

/** Runs `work` once, or with an interval again and again until it is stopped; a failure is one line with its remedy. Never rejects. */
export async function run(outlet: Outlet, said: Said, work: Work, interval?: string | true): Promise<void> {
  const reader = { isJson: said.json, columns: said.wide ? undefined : outlet.columns };
  const progress = outlet.progress(said.json);
  const stream = {
    show: (item: Answer) => outlet.tell(printedItem(item, reader)),
    warn: (message: string) => outlet.complain(printedWarning(message, reader)),
    untilStopped: () => outlet.untilStopped(),
  };
  const targets: Targets = { ...said, progress, stream };
  try {
    if (interval !== undefined) {
      const intervalMs = intervalOf('--watch', interval === true ? '2s' : interval);
      return await looks(outlet, { targets, reader, work, intervalMs });
    }
    const answer = await work(targets);
    progress.end();
    if (answer === undefined) return;
    outlet.tell(printedAnswer(answer, reader));
    outlet.end(statusOf(answer));
  } catch (thrown) {
    progress.end();
    const { text, status } = printedError(thrown, reader);
    outlet.complain(text);
    outlet.end(status);
  }
}
