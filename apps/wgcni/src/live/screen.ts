/** PURE: what a terminal shows: lines that fit it. */

/** Columns of a terminal; undefined where there is none, or one that has never been told its size and says 0 (a serial line, a new pseudo-terminal). */
export function columnsOf({ isTTY, columns }: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>): number | undefined {
  return isTTY && columns > 0 ? columns : undefined;
}

/** Lines cut to so many columns, the last of which then says that there is more; as they are where the width is not known. */
export function fitted(text: string, columns: number | undefined): string {
  if (columns === undefined) return text;
  return text
    .split('\n')
    .map((line) => (line.length > columns ? `${line.slice(0, Math.max(0, columns - 1))}…` : line))
    .join('\n');
}
