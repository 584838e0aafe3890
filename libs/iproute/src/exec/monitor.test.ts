/** A monitor that cannot run, by a real program that ends at once. */
import { afterEach, expect, it } from 'vitest';
import { monitorChanges } from './monitor.ts';
import { Processes } from './processes.ts';

const stop = new AbortController();
afterEach(() => stop.abort());

it('rings each time that it starts and dies, and tells once that nothing is heard', async () => {
  const told: (Error & { code?: string })[] = [];
  const hear = (warning: Error): void => void told.push(warning);
  process.on('warning', hear);
  try {
    const argv = ['sh', '-c', 'echo "Operation not permitted" >&2; exit 1'];
    let rings = 0;
    for await (const _ of monitorChanges(new Processes(), stop.signal, { argv, isNews: () => true })) {
      rings += 1;
      if (rings === 7) stop.abort();
    }
    expect(rings).toBe(7);
    const deaf = told.filter(({ code }) => code === 'WGCNI_DEAF');
    expect(deaf.map(({ message }) => message)).toEqual([
      expect.stringMatching(/sh -c .* ends again and again: Operation not permitted/),
    ]);
  } finally {
    process.off('warning', hear);
  }
});
