/** The daemon behind the plugin is away, slow, false or dying: every answer in time, nothing lost, nothing half done. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@wgcni/testing';
import { closesHalfWay, losesAnswers, rubbish, withFalseDaemon } from '../false-daemon.ts';
import { holds, same } from '../expect.ts';
import type { Bench, Container } from '../bench.ts';
import type { ConformanceCase } from '../case.ts';
import type { NodeManagerDaemon } from '../subject.ts';

const clause = 'a plugin answers within its own limits';

interface DaemonCase extends Pick<ConformanceCase, 'id' | 'title'> {
  clause?: string;
  run(bench: Bench, daemon: NodeManagerDaemon): Promise<void>;
}

const daemonCase = ({ run, ...rest }: DaemonCase): ConformanceCase => ({
  clause,
  ...rest,
  needs: 'nodeManager',
  isOursOnly: true,
  run: async (bench, { nodeManager }) => {
    if (nodeManager !== undefined) await run(bench, nodeManager);
  },
});

/** Runs `work` with the daemon stopped; it serves again afterwards whatever happened. */
async function without(daemon: NodeManagerDaemon, work: () => Promise<void>): Promise<void> {
  await daemon.stop();
  try {
    await work();
  } finally {
    await daemon.start();
  }
}

/** The lines that speak of a container or hold one of its addresses. */
async function heldBy(bench: Bench, { id }: Container): Promise<string[]> {
  return (await bench.subject.holdings()).filter((line) => line.includes(id));
}

export const daemonCases: ConformanceCase[] = [
  daemonCase({
    id: 'daemon.down.add',
    title: 'ADD while it is down fails with 100 within a second and names the socket',
    run: async (bench, daemon) =>
      without(daemon, async () => {
        const answer = await bench.call('ADD', await bench.container());
        bench.errorOf(answer, { ours: 100 }, [daemon.socket]);
        holds(`it took ${answer.durationMs} ms`, answer.durationMs < 1_000);
      }),
  }),
  daemonCase({
    id: 'daemon.down.check',
    title: 'CHECK while it is down says 11, try again',
    clause: 'CNI 1.1 §5 code 11; CRI-O',
    run: async (bench, daemon) => {
      const container = await bench.container();
      const prevResult = await bench.add(container);
      await without(daemon, async () => {
        bench.errorOf(await bench.call('CHECK', container, { config: { prevResult } }), 11, [daemon.socket]);
      });
      await bench.succeed('CHECK', container, { config: { prevResult } });
    },
  }),
  daemonCase({
    id: 'daemon.down.status',
    title: 'STATUS while it is down says 50',
    clause: 'CNI 1.1 §2 STATUS',
    run: async (bench, daemon) =>
      without(daemon, async () => {
        const answer = await bench.call('STATUS', undefined, { config: { cniVersion: '1.1.0' } });
        bench.errorOf(answer, 50, [daemon.socket]);
      }),
  }),
  daemonCase({
    id: 'daemon.down.del',
    title: 'DEL while it is down succeeds, waits on disk, and is carried out when it is back',
    clause: 'Podman never repeats a DEL',
    run: async (bench, daemon) => {
      const container = await bench.container();
      await bench.add(container);
      await without(daemon, () => bench.succeed('DEL', container).then(() => undefined));
      same('what it still holds', await heldBy(bench, container), []);
    },
  }),
  daemonCase({
    id: 'daemon.down.del.added-again',
    title: 'a DEL that waited does not kill the container that was added again since',
    clause: 'CNI 1.1 §2 DEL',
    run: async (bench, daemon) => {
      const container = await bench.container();
      await bench.add(container);
      await daemon.stop();
      await bench.succeed('DEL', container);
      daemon.launch();
      const result = await until(20_000, 'the ADD', async () => {
        const answer = await bench.call('ADD', container);
        return answer.exitCode === 0 ? (JSON.parse(answer.stdout) as object) : new Error(answer.stdout);
      });
      await daemon.ready();
      await bench.succeed('CHECK', container, { config: { prevResult: result } });
    },
  }),
  daemonCase({
    id: 'daemon.slow',
    title: 'ADD while it does not answer fails with 110 within its limit, and nothing of it stays',
    run: async (bench, daemon) => {
      const container = await bench.container();
      daemon.freeze();
      try {
        const answer = await bench.call('ADD', container, { config: { timeoutMs: 1_500 } });
        bench.errorOf(answer, { ours: 110 });
        holds(`it took ${answer.durationMs} ms`, answer.durationMs < 2_500);
      } finally {
        daemon.thaw();
      }
      await until(5_000, 'the roll-back', async () => {
        const held = await heldBy(bench, container);
        return held.length === 0 ? true : new Error(held.join('; '));
      });
    },
  }),
  ...(
    [
      ['rubbish', 'answers rubbish', rubbish],
      ['half-way', 'closes the connection half-way', closesHalfWay],
    ] as const
  ).map(([id, what, manner]) =>
    daemonCase({
      id: `daemon.${id}`,
      title: `ADD when it ${what} fails with 100, and nothing partial is on stdout`,
      run: async (bench) => {
        const container = await bench.container();
        await withFalseDaemon(manner, async (socket) => {
          bench.errorOf(await bench.call('ADD', container, { config: { socket } }), { ours: 100 }, [socket]);
        });
      },
    }),
  ),
  daemonCase({
    id: 'daemon.answer-lost',
    title: 'when the answer of an ADD is lost, the retry succeeds with one allocation of each family',
    clause: 'Nomad retries without DEL',
    run: async (bench, { socket }) => {
      const container = await bench.container();
      await withFalseDaemon(losesAnswers(socket), async (lossy) => {
        bench.errorOf(await bench.call('ADD', container, { config: { socket: lossy } }), { ours: 100 }, [lossy]);
      });
      const { ips = [] } = await bench.add(container);
      const held = (await heldBy(bench, container)).filter((line) => line.startsWith('allocation'));
      same('allocations', held.length, ips.length);
    },
  }),
  daemonCase({
    id: 'daemon.queue.unwritable',
    title: 'DEL while it is down fails when the deletion cannot be written',
    run: async (bench) => {
      const config = { socket: '/run/wgcni-nobody.sock', queueDir: '/proc/version/queue' };
      bench.errorOf(await bench.call('DEL', await bench.container(), { config }), 5, ['/proc/version/queue']);
    },
  }),
  daemonCase({
    id: 'daemon.queue.full',
    title: 'DEL while it is down fails with 11 when too many deletions wait',
    run: async (bench, { queueLimit }) => {
      const dir = await mkdtemp(join(tmpdir(), 'wgcni-full-'));
      try {
        await fill(dir, queueLimit);
        const config = { socket: '/run/wgcni-nobody.sock', queueDir: dir };
        bench.errorOf(await bench.call('DEL', await bench.container(), { config }), 11, [dir]);
      } finally {
        await rm(dir, { recursive: true });
      }
    },
  }),
];

/** As many waiting deletions, by their names: the tag of the key, the instant, and what makes it unique. */
async function fill(dir: string, count: number): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (let index = 0; index < count; index += 1) {
    await writeFile(join(dir, `0123456789abcdef.1700000000000.${index}.json`), '');
  }
}
