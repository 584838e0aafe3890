/** Many containers at once: runtimes add in parallel. */
import { distinct } from '../expect.ts';
import { inParallel } from '../in-parallel.ts';
import type { ConformanceCase } from '../case.ts';

const parallelContainers = 64;

const parallel = (workers: number): ConformanceCase => ({
  id: `parallel.${workers}`,
  title: `${parallelContainers} ADDs by ${workers} workers all succeed with distinct addresses, then as many DELs`,
  clause: 'CNI 1.1 §2: different containers in parallel',
  run: async (bench) => {
    const containers = await inParallel(workers, Array.from({ length: parallelContainers }), () => bench.container());
    const results = await inParallel(workers, containers, (container) => bench.add(container));
    distinct(
      'address',
      results.flatMap(({ ips = [] }) => ips.map(({ address }) => address)),
    );
    await inParallel(workers, containers, (container) => bench.succeed('DEL', container));
  },
});

export const parallelCases: ConformanceCase[] = [8, 16, 32].map(parallel);
