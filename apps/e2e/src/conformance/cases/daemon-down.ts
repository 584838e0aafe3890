/** The daemon behind the plugin is down or about to come up: every answer in time, nothing lost, nothing taken that was added since. */
import { readdirSync, writeFileSync } from 'node:fs';
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@wgcni/testing';
import { answersFrom } from '../inside-container.ts';
import { holds, same } from '../expect.ts';
import type { Bench, Container } from '../bench.ts';
import type { ConformanceCase } from '../case.ts';
import type { ResultLists } from '../result-shape.ts';
import type { Daemon, NodeManagerDaemon } from '../subject.ts';

const clause = 'a plugin answers within its own limits';
const podman = 'Podman never repeats a DEL';

/** The node-manager replays every ten seconds. */
const replayMs = 15_000;
/** DELs that are spread over the start of the node-manager, so that each meets another instant of it. */
const racing = 8;
const spreadMs = 60;

interface DownCase extends Pick<ConformanceCase, 'id' | 'title'> {
  clause?: string;
  run(bench: Bench, daemon: NodeManagerDaemon): Promise<void>;
}

const oursOnly = ({ run, ...rest }: DownCase): ConformanceCase => ({
  clause: podman,
  ...rest,
  needs: 'nodeManager',
  isOursOnly: true,
  run: async (bench, { nodeManager }) => {
    if (nodeManager !== undefined) await run(bench, nodeManager);
  },
});

/** Runs `work` with the daemon stopped; it serves again afterwards whatever happened. */
async function without(daemon: Daemon | undefined, work: () => Promise<void>): Promise<void> {
  await daemon?.stop();
  try {
    await work();
  } finally {
    await daemon?.start();
  }
}

/** ADD again and again, as a runtime does while a node comes up. */
async function addSoon(bench: Bench, container: Container): Promise<ResultLists> {
  return until(20_000, 'the ADD', async () => {
    const answer = await bench.call('ADD', container);
    return answer.exitCode === 0 ? (JSON.parse(answer.stdout) as ResultLists) : new Error(answer.stdout);
  });
}

async function queueIsEmpty({ queueDir }: NodeManagerDaemon): Promise<void> {
  await until(replayMs, 'the replay of the queue', async () => {
    const waiting = await readdir(queueDir);
    return waiting.length === 0 ? true : new Error(waiting.join(', '));
  });
}

/** Whether it still is what its ADD made: by CHECK, and by a packet. */
async function lives(bench: Bench, container: Container, prevResult: ResultLists): Promise<void> {
  await bench.succeed('CHECK', container, { config: { prevResult } });
  await answersFrom(container.netnsPath, prevResult.ips?.[0]?.gateway ?? '');
}

export const daemonDownCases: ConformanceCase[] = [
  {
    id: 'daemon.down.add',
    title: 'ADD while it is down fails within a second and names the socket',
    clause: `${clause}; code 100 is ours`,
    needs: 'daemon',
    run: async (bench, { daemon, nodeManager }) => {
      const container = await bench.container();
      await without(daemon, async () => {
        const names = nodeManager === undefined ? [] : [nodeManager.socket];
        const { durationMs } = await bench.refuse('ADD', { ours: 100 }, names, [container]);
        holds(`it took ${durationMs} ms`, durationMs < 1_000);
      });
    },
  },
  {
    id: 'daemon.down.status',
    title: 'STATUS while it is down says 50',
    clause: 'CNI 1.1 §2 STATUS',
    needs: 'daemon',
    run: async (bench, { daemon, nodeManager }) =>
      without(daemon, async () => {
        const names = nodeManager === undefined ? [] : [nodeManager.socket];
        await bench.refuse('STATUS', 50, names, [undefined, { config: { cniVersion: '1.1.0' } }]);
      }),
  },
  oursOnly({
    id: 'daemon.down.check',
    title: 'CHECK while it is down says 11, try again',
    clause: 'CNI 1.1 §5 code 11; CRI-O',
    run: async (bench, daemon) => {
      const container = await bench.container();
      const prevResult = await bench.add(container);
      await without(daemon, async () => {
        await bench.refuse('CHECK', 11, [daemon.socket], [container, { config: { prevResult } }]);
      });
      await bench.succeed('CHECK', container, { config: { prevResult } });
    },
  }),
  oursOnly({
    id: 'daemon.down.del',
    title: 'DEL while it is down succeeds, waits on disk, and is carried out when it is back',
    run: async (bench, daemon) => {
      const container = await bench.container();
      await bench.add(container);
      await without(daemon, async () => {
        await bench.succeed('DEL', container);
        same('deletions that wait', (await readdir(daemon.queueDir)).length, 1);
      });
      const held = (await bench.subject.holdings()).filter((line) => line.includes(container.id));
      same('what it still holds', held, []);
      same('deletions that wait', await readdir(daemon.queueDir), []);
    },
  }),
  oursOnly({
    id: 'daemon.down.del.added-again',
    title: 'a DEL that waited does not kill the container that was added again since, also when it is replayed again',
    run: async (bench, daemon) => {
      const container = await bench.container();
      const aside = await mkdtemp(join(tmpdir(), 'wgcni-entry-'));
      try {
        await bench.add(container);
        let entry = '';
        await without(daemon, async () => {
          await bench.succeed('DEL', container);
          [entry = ''] = readdirSync(daemon.queueDir);
          await copyFile(join(daemon.queueDir, entry), join(aside, entry));
        });
        const result = await bench.add(container);
        await copyFile(join(aside, entry), join(daemon.queueDir, entry));
        await queueIsEmpty(daemon);
        await lives(bench, container, result);
        // The next ADD of this key reads the queue by itself, and drops the copy.
        await copyFile(join(aside, entry), join(daemon.queueDir, entry));
        bench.errorOf(await bench.call('ADD', container), { ours: 103 }, ['eth0']);
        same('deletions that wait', await readdir(daemon.queueDir), []);
        await lives(bench, container, result);
      } finally {
        await rm(aside, { recursive: true });
      }
    },
  }),
  oursOnly({
    id: 'daemon.starting.del',
    title: 'a DEL at any instant of its start does not kill the container that is added again right after it',
    run: async (bench, daemon) => {
      const containers = await Promise.all(Array.from({ length: racing }, () => bench.container()));
      await Promise.all(containers.map((container) => bench.add(container)));
      await daemon.stop();
      daemon.launch();
      const lifes = containers.map(async (container, index) => {
        await new Promise((resolve) => setTimeout(resolve, index * spreadMs));
        const { stderr } = await bench.succeed('DEL', container);
        return { container, isQueued: stderr.includes('deletion.queued'), result: await addSoon(bench, container) };
      });
      const added = await Promise.all(lifes);
      await daemon.ready();
      holds(
        'no DEL had to be queued: the start was not met',
        added.some(({ isQueued }) => isQueued),
      );
      await queueIsEmpty(daemon);
      for (const { container, result } of added) await lives(bench, container, result);
    },
  }),
  oursOnly({
    id: 'daemon.queue.unwritable',
    title: 'DEL while it is down fails when the deletion cannot be written',
    clause,
    run: async (bench) => {
      const config = { socket: '/run/wgcni-nobody.sock', queueDir: '/proc/version/queue' };
      await bench.refuse('DEL', 5, ['/proc/version/queue'], [await bench.container(), { config }]);
    },
  }),
  oursOnly({
    id: 'daemon.queue.full',
    title: 'DEL while it is down fails with 11 when too many deletions wait',
    clause,
    run: async (bench, { queueLimit }) => {
      const dir = await mkdtemp(join(tmpdir(), 'wgcni-full-'));
      try {
        fill(dir, queueLimit);
        const config = { socket: '/run/wgcni-nobody.sock', queueDir: dir };
        await bench.refuse('DEL', 11, [dir], [await bench.container(), { config }]);
        same('deletions that wait', readdirSync(dir).length, queueLimit);
      } finally {
        await rm(dir, { recursive: true });
      }
    },
  }),
];

/** As many waiting deletions, by their names: the tag of the key, the instant, and what makes it unique. */
function fill(dir: string, count: number): void {
  for (let index = 0; index < count; index += 1) {
    writeFileSync(join(dir, `0123456789abcdef.1700000000000.${index}.json`), '');
  }
}
