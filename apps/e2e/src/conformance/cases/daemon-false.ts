/** The daemon behind the plugin is slow, false, or dies before its answer arrives: an error in time, and nothing half done. */
import { until } from '@wgcni/testing';
import { closesHalfWay, losesAnswers, rubbish, withFalseDaemon, type Manner } from '../false-daemon.ts';
import { difference } from '../host-state.ts';
import { holds, same } from '../expect.ts';
import type { Bench } from '../bench.ts';
import type { ConformanceCase } from '../case.ts';
import type { NodeManagerDaemon } from '../subject.ts';

const clause = 'a plugin answers within its own limits';

const oursOnly = (
  id: string,
  title: string,
  run: (bench: Bench, daemon: NodeManagerDaemon) => Promise<void>,
): ConformanceCase => ({
  ...{ id, title, clause, needs: 'nodeManager', isOursOnly: true },
  run: async (bench, { nodeManager }) => {
    if (nodeManager !== undefined) await run(bench, nodeManager);
  },
});

/** ADD times out on a daemon that stands still from `frozen` on; it runs again, and has undone the ADD without any DEL. */
async function timesOut(
  bench: Bench,
  daemon: NodeManagerDaemon,
  frozen: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const container = await bench.container();
  const before = await bench.state();
  const gaveUp = new AbortController();
  const standsStill = frozen(gaveUp.signal).then(
    () => true,
    () => false,
  );
  try {
    const answer = await bench.call('ADD', container, { config: { timeoutMs: 1_500 } });
    gaveUp.abort();
    bench.errorOf(answer, { ours: 110 }, [daemon.socket]);
    holds('the daemon was not frozen in time', await standsStill);
    holds(`it took ${answer.durationMs} ms`, answer.durationMs < 2_500);
  } finally {
    daemon.thaw();
  }
  await until(5_000, 'the roll-back', async () => {
    const left = difference(before, await bench.state());
    return left.length === 0 ? true : new Error(left.join('; '));
  });
  await bench.add(container);
}

const falseDaemon = (id: string, what: string, manner: Manner): ConformanceCase =>
  oursOnly(id, `ADD when it ${what} fails with 100, and nothing partial is on stdout`, async (bench) => {
    const container = await bench.container();
    await withFalseDaemon(manner, async (socket) => {
      await bench.refuse('ADD', { ours: 100 }, [socket], [container, { config: { socket } }]);
    });
  });

export const daemonFalseCases: ConformanceCase[] = [
  oursOnly(
    'daemon.slow',
    'ADD while it does not answer fails with 110 within its limit, and nothing of it stays',
    (bench, daemon) => timesOut(bench, daemon, async () => daemon.freeze()),
  ),
  oursOnly(
    'daemon.slow.recorded',
    'ADD that times out when its address is recorded already is undone, without a DEL',
    (bench, daemon) => timesOut(bench, daemon, (signal) => daemon.freezeAt('recorded', signal)),
  ),
  oursOnly(
    'daemon.slow.device',
    'ADD that times out when peer and device are there already is undone, without a DEL',
    (bench, daemon) => timesOut(bench, daemon, (signal) => daemon.freezeAt('device', signal)),
  ),
  falseDaemon('daemon.rubbish', 'answers rubbish', rubbish),
  falseDaemon('daemon.half-way', 'closes the connection half-way', closesHalfWay),
  {
    ...oursOnly(
      'daemon.answer-lost',
      'when the answer of an ADD is lost, the retry succeeds with one allocation of each family',
      async (bench, { socket }) => {
        const container = await bench.container();
        await withFalseDaemon(losesAnswers(socket), async (lossy) => {
          bench.errorOf(await bench.call('ADD', container, { config: { socket: lossy } }), { ours: 100 }, [lossy]);
        });
        const { ips = [] } = await bench.add(container);
        const held = (await bench.subject.holdings()).filter((line) => line.includes(container.id));
        same('allocations', held.filter((line) => line.startsWith('allocation')).length, ips.length);
      },
    ),
    clause: 'Nomad retries without DEL',
  },
];
