/**
 * Plain HTTP where it may be: on the loopback of one machine, and by a word of each program.
 *
 *   wgcni ── 127.0.0.1 ── cluster-manager ×1 ── 127.0.0.1 ── etcd ×1
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findPrograms, type LabProcess, type Programs, startProcess, until } from '@wgcni/testing';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';

const processes: LabProcess[] = [];
let dir: string;
let programs: Programs;
let manager: string;

beforeAll(async () => {
  await execa('ip', ['link', 'set', 'lo', 'up']);
  programs = await findPrograms(resolve(import.meta.dirname, '../../..'));
  dir = await mkdtemp(join(tmpdir(), 'wgcni-insecure-'));
  const [etcd, peer, rest] = [await freePort(), await freePort(), await freePort()].map((port) => `127.0.0.1:${port}`);
  manager = `http://${rest}`;
  const clients = ['--listen-client-urls', `http://${etcd}`, '--advertise-client-urls', `http://${etcd}`];
  const peers = ['--listen-peer-urls', `http://${peer}`, '--initial-advertise-peer-urls', `http://${peer}`];
  const alone = ['--name', 'alone', '--initial-cluster', `alone=http://${peer}`, '--data-dir', join(dir, 'etcd')];
  start('etcd', [programs.etcd, ...clients, ...peers, ...alone]);
  const reached = ['--etcd', `http://${etcd}`, '--listen', rest ?? '', '--advertise', manager];
  const network = ['--cluster', 'main', '--bootstrap', '--pool', '10.64.0.0/12:24'];
  start('manager', [process.execPath, programs.clusterManager, ...reached, ...network, '--insecure']);
});
afterAll(async () => {
  for (const each of processes) await each.stop();
  await rm(dir, { recursive: true });
});

function start(name: string, argv: [string, ...string[]]): void {
  processes.push(startProcess({ name, argv, log: join(dir, 'log', name) }));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}

it('works with --insecure, and nobody is asked who he is; without that word not even wgcni goes there', async () => {
  const wgcni = (...args: string[]) => execa(programs.wgcni, ['--manager', manager, ...args], { reject: false });
  const shown = await until(20_000, 'an answer', async () => {
    const { exitCode, stdout, stderr } = await wgcni('--insecure', 'network');
    return exitCode === 0 ? stdout : new Error(stderr);
  });
  expect(shown).toContain('10.64.0.0/12');
  const { exitCode, stderr } = await wgcni('network');
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('--insecure')]);
});
