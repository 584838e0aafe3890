/** PURE: what a terminal shows: lines that fit it, and nothing that it would obey. */
import { printable } from '@wgcni/base';

/** Columns of a terminal; undefined where there is none, or one that has never been told its size and says 0 (a serial line, a new pseudo-terminal). */
export function columnsOf({ isTTY, columns }: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>): number | undefined {
  return isTTY && columns > 0 ? columns : undefined;
}

/**
 * Lines cut to so many columns, the last of which then says that there is more; as long as they are where the width is not known. FENCE: whatever somebody
 * else has written into them is shown and not done.
 */
export function fitted(text: string, columns: number | undefined): string {
  const plain = printable(text);
  if (columns === undefined) return plain;
  return plain
    .split('\n')
    .map((line) => (line.length > columns ? `${line.slice(0, Math.max(0, columns - 1))}…` : line))
    .join('\n');
}
