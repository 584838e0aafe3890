/** `make key-scan`: the long scan, of COUNT= keys. */
import { keyScan } from './key-scan.ts';

async function main(): Promise<number> {
  const count = Number(process.env['COUNT'] ?? 10_000);
  const startedAt = performance.now();
  const report = await keyScan(count, (line) => process.stderr.write(`${line}\n`));
  const { made, keys, texts, bytes, looks, programs, found, control, modes } = report;
  process.stdout.write(
    `${keys} keys in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s: ${made.nodes} of nodes, by ${made.nodes / 2} starts of the node-manager; ${made.clients} of clients by wgcni; ` +
      `${made.byPlugin} of containers by the plugin, ${made.bySocket} over the socket of the node-manager, each in a wireguard-go\n` +
      `looked for in ${texts} texts of ${bytes} bytes; processes looked at ${looks} times, ${programs} started programs recorded\n` +
      `the control key was found in: ${control.join(', ')}\n` +
      `${modes.looked} files and directories looked at, too wide: ${modes.wide.length}\n` +
      `private keys found where none may stand: ${found.length}\n${[...found, ...modes.wide].map((one) => `  ${one}\n`).join('')}`,
  );
  return found.length + modes.wide.length === 0 && control.length === 7 && keys === count ? 0 : 1;
}

process.exitCode = await main();
