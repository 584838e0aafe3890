/** What a terminal shows: lines that fit it, and the same again and again until somebody has seen enough. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Columns of a terminal; undefined where there is none, or one that has never been told its size and says 0 (a serial line, a new pseudo-terminal). */
export function columnsOf({ isTTY, columns }: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>): number | undefined {
  return isTTY && columns > 0 ? columns : undefined;
}

/** PURE: lines cut to so many columns, the last of which then says that there is more; as they are where the width is not known. */
export function fitted(text: string, columns: number | undefined): string {
  if (columns === undefined) return text;
  return text
    .split('\n')
    .map((line) => (line.length > columns ? `${line.slice(0, Math.max(0, columns - 1))}…` : line))
    .join('\n');
}

/** Shows what `look` says on an empty screen, every `intervalMs`, until the process is ended. What fails is shown in its place. */
export async function watching(look: () => Promise<string>, intervalMs: number): Promise<never> {
  for (;;) {
    const text = await look();
    // The screen is cleared when there is something to show in its place.
    process.stdout.write(`\u001B[H\u001B[2J${new Date().toISOString()}  every ${intervalMs / 1_000} s\n\n${text}\n`);
    await sleep(intervalMs);
  }
}
