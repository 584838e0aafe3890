/**
 * Every private key that the real programs make stands where it belongs and nowhere else.
 *
 *   8 workers ── plugin or unix socket ── node-manager ── a wireguard-go for each key
 *   in two rows: node-manager on an empty data directory, killed once its keys stand
 *   wgcni client add, one after the other: into a file or to stdout
 *        beside them: what is in /proc, every 40 ms; afterwards: etcd and its files, logs, answers, data directories
 */
import { expect, it } from 'vitest';
import { keyScan } from './key-scan.ts';

const count = 500;

it(`${count} keys of nodes, clients and containers are in no dump, log, answer, command line, environment or file but their own`, async () => {
  const report = await keyScan(count);
  console.log(JSON.stringify(report));
  expect(report.found).toEqual([]);
  expect(report.keys).toBe(count);
  expect(report.secrets).toBe(report.made.nodes + 1);
  expect(report.modes.wide).toEqual([]);
  // A scan that sees nothing shows nothing: a control key was put into each kind of place.
  expect(report.control).toEqual(['answer', 'arguments', 'environment', 'etcd', 'file', 'file of', 'log']);
  expect(report.made.nodes).toBeGreaterThanOrEqual(20);
  expect(report.made.clients).toBeGreaterThanOrEqual(10);
  expect(report.made.byPlugin).toBeGreaterThanOrEqual(40);
  expect(report.modes.looked).toBeGreaterThan(80);
  expect(report.programs).toBeGreaterThan(100);
});
