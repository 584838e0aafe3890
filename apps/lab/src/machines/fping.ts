/** PURE: `fping` on a machine that is reached by a shell, and what it says. */
import type { Place } from '@wgcni/testing';

/** Two requests to each, as the lab's own ping sends; an answer has two seconds. Ends with 1 where one is silent. */
export function fpingCommand({ netnsPath }: Place, addresses: readonly string[]): string {
  return `sudo nsenter --net=${netnsPath} fping -q -C 2 -p 200 -t 2000 ${addresses.join(' ')} 2>&1`;
}

/** The quicker time of each address that answered, in milliseconds. */
export function parseTimes(text: string): Map<string, number> {
  const lines = text.matchAll(/^(\S+)\s+:((?: (?:-|[0-9.]+))+)$/gm);
  return new Map(
    [...lines].flatMap(([, address = '', times = '']) => {
      const known = times.split(' ').filter((time) => /[0-9]/.test(time));
      return known.length === 0 ? [] : [[address, Math.min(...known.map(Number))]];
    }),
  );
}
