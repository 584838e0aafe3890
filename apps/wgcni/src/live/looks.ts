/** `--watch`: the same look again and again, until somebody has seen enough. */
import { systemClock } from '@wgcni/base';
import type { Outlet } from '../run/outlet.ts';
import { printedAnswer, printedError, printedItem, type Reader } from '../run/printed.ts';
import type { Work } from '../run/work.ts';
import type { Targets } from '../targets.ts';

export interface Watched {
  targets: Targets;
  reader: Reader;
  work: Work;
  intervalMs: number;
}

/** To the first line, and an empty screen. */
const cleared = '\u001B[H\u001B[2J';

/** Until it is stopped. What fails is told as any failure is, and asked for again; on a terminal it stands where the answer would. */
export async function looks(outlet: Outlet, { targets, reader, work, intervalMs }: Watched): Promise<void> {
  const stopped = targets.stream.untilStopped();
  const head = (): string => `${new Date().toISOString()}  every ${intervalMs / 1_000} s\n\n`;
  while (!stopped.aborted) {
    const look = await work(targets).then(
      (answer) => ({ answer }),
      (thrown: unknown) => ({ error: printedError(thrown, reader).text }),
    );
    // The screen is cleared when there is something to show in its place.
    if (outlet.isTerminal && !reader.isJson) outlet.tell(cleared + head());
    if ('error' in look) (outlet.isTerminal && !reader.isJson ? outlet.tell : outlet.complain)(look.error);
    else if (look.answer !== undefined && reader.isJson) outlet.tell(printedItem(look.answer, reader));
    else if (look.answer !== undefined)
      outlet.tell(
        `${outlet.isTerminal ? '' : head()}${printedAnswer(look.answer, reader)}${outlet.isTerminal ? '' : '\n'}`,
      );
    // An aborted sleep ends the loop.
    await systemClock.sleep(intervalMs, stopped).catch(() => undefined);
  }
}
