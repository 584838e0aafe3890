/** `make direct-churn`: the long round; DURATION= seconds, CONTAINERS=, INTERVAL= milliseconds, SEED=. */
import { directChurn } from './churn.ts';
import { bringUpDirect } from './scene.ts';

async function main(): Promise<number> {
  const seconds = Number(process.env['DURATION'] ?? 180);
  const containers = Number(process.env['CONTAINERS'] ?? 20);
  const everyMs = Number(process.env['INTERVAL'] ?? 50);
  const seed = process.env['SEED'];
  const { scene, node } = await bringUpDirect();
  try {
    const options = { seconds, containers, everyMs, ...(seed === undefined ? {} : { seed: Number(seed) }) };
    const report = await directChurn(scene.lab, node, options, async (up) => {
      const pairs = (up * (up - 1)) / 2;
      await scene.lab.nodeStatusWhere(node, (status) => status.direct.pairs === pairs, 10_000);
    });
    const { joins, leaves, reused, watched, datagrams, longestSilenceMs, longestTurnMs, blackHoles } = report;
    process.stdout.write(
      `seed ${report.seed}, ${seconds} s: ${joins} joined (${reused} with an address of before), ${leaves} left meanwhile\n` +
        `${datagrams} datagrams between ${watched} ordered pairs: longest silence ${longestSilenceMs} ms; ` +
        `a container waited at most ${longestTurnMs} ms for its turn to send\n` +
        `longer than a second: ${blackHoles.length}\n${blackHoles.map((one) => `  ${one}\n`).join('')}`,
    );
    return blackHoles.length === 0 ? 0 : 1;
  } finally {
    await scene.lab.down();
  }
}

process.exitCode = await main();
