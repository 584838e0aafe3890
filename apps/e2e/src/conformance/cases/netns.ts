/** Network namespaces that cannot be used. */
import { writeFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { randomUUID } from 'node:crypto';
import type { ConformanceCase } from '../case.ts';

export const netnsCases: ConformanceCase[] = [
  {
    id: 'netns.missing',
    title: 'a namespace that is not there: ADD is refused and names it, DEL succeeds',
    clause: 'CNI 1.1 §2 ADD, DEL',
    run: async (bench) => {
      const gone = { id: 'nobody', netns: 'none', netnsPath: `/run/netns/wgcni-none-${randomUUID()}` };
      await bench.refuse('ADD', { ours: 104 }, [gone.netnsPath], [gone]);
      await bench.succeed('DEL', gone);
    },
  },
  {
    id: 'netns.file',
    title: 'a regular file in place of a namespace: ADD is refused and names it, DEL succeeds',
    clause: 'CNI 1.1 §2 ADD, DEL',
    run: async (bench) => {
      const path = join(tmpdir(), `wgcni-file-${randomUUID()}`);
      await writeFile(path, '');
      try {
        const file = { id: 'nobody', netns: 'none', netnsPath: path };
        await bench.refuse('ADD', { ours: 104 }, [path], [file]);
        await bench.succeed('DEL', file);
      } finally {
        await rm(path);
      }
    },
  },
  {
    id: 'netns.host',
    title: "the runtime's own namespace is refused",
    clause: 'CNI 1.1 §2 ADD: CNI_NETNS',
    run: async (bench, { netnsPath }) => {
      await bench.refuse('ADD', { ours: 8 }, [netnsPath], [{ id: 'host', netns: 'none', netnsPath }]);
    },
  },
  {
    id: 'netns.host.override',
    title: "CNI_NETNS_OVERRIDE lets the runtime's own namespace through, and DEL brings it back as it was",
    clause: 'skel CNI_NETNS_OVERRIDE',
    run: async (bench, { netnsPath }) => {
      const host = { id: 'host', netns: 'none', netnsPath };
      const options = { ifName: 'wgcnihost', env: { CNI_NETNS_OVERRIDE: '1' } };
      await bench.add(host, options);
      await bench.succeed('DEL', host, options);
    },
  },
];
