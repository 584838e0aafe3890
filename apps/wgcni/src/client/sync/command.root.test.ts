/**
 * The built `wgcni client sync` as a process, beside a stand-in for a cluster-manager that serves one file:
 *
 *   netns wgcni-sync-…  [ ws… ] ◀── wgcni client sync ── HTTP on loopback ── stand-in ── laptop.conf
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Processes } from '@wgcni/iproute';
import { parseDump, systemKeys } from '@wgcni/wg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const program = join(import.meta.dirname, '../../../dist/wgcni.cjs');
const id = randomBytes(4).toString('hex');
const [netns, device] = [`wgcni-sync-${id}`, `wc${id}`];
const key = systemKeys.generate();
const [n1, n2] = [systemKeys.generate().publicKey, systemKeys.generate().publicKey];
const peer = (publicKey: string, index: number): string =>
  [
    ...['', `# n${index}`, '[Peer]', `PublicKey = ${publicKey}`, `Endpoint = 192.0.2.${index}:51820`],
    ...[`AllowedIPs = 10.64.${index}.0/24`, 'PersistentKeepalive = 25', ''],
  ].join('\n');
const head = '# laptop\n[Interface]\n# PrivateKey = <known to the client alone>\nAddress = 10.66.0.5/32\nMTU = 1380\n';
/** Serves the file that it is given, with its text as its tag, where a cluster-manager serves the configuration. */
const standIn = `
const [file] = process.argv.slice(1);
require('node:http').createServer(({ url, headers }, answer) => {
  const text = require('node:fs').readFileSync(file, 'utf8');
  const etag = JSON.stringify(Buffer.from(text).toString('base64'));
  if (url !== '/v1/clients/laptop/config') return answer.writeHead(404).end('{}');
  if (headers['if-none-match'] === etag) return answer.writeHead(304, { etag }).end();
  answer.writeHead(200, { etag, 'content-type': 'text/plain' }).end(text);
}).listen(7001, '127.0.0.1');`;

describe('wgcni client sync', () => {
  const processes = new Processes(`/run/netns/${netns}`);
  const children: ChildProcess[] = [];
  let directory: string;
  let told = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'wgcni-sync-'));
    await succeed(['ip', 'netns', 'add', netns], new Processes());
    await succeed(['ip', 'link', 'set', 'lo', 'up']);
    await succeed(['wireguard-go', device]);
    await writeFile(join(directory, 'key'), key.privateKey.reveal(), { mode: 0o600 });
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await processes.run({ argv: ['ip', 'link', 'del', device] });
    await new Processes().run({ argv: ['ip', 'netns', 'del', netns] });
    await rm(directory, { recursive: true });
  });

  async function succeed(argv: string[], by = processes): Promise<string> {
    const { status, stdout, stderr } = await by.run({ argv });
    if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
    return stdout;
  }
  const start = (...words: string[]): ChildProcess => {
    const child = spawn('nsenter', [`--net=/run/netns/${netns}`, '--', process.execPath, ...words]);
    child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text));
    children.push(child);
    return child;
  };
  const file = (): string => join(directory, 'laptop.conf');
  const peers = async (): Promise<string[]> =>
    parseDump(await succeed(['wg', 'show', device, 'dump'])).peers.map(({ publicKey }) => publicKey);

  it('follows the register while managers come and go, and ends at SIGTERM with the interface as it is', async () => {
    await writeFile(file(), head + peer(n1, 1));
    const sync = start(
      ...[program, '--manager', 'http://127.0.0.1:7001', '--insecure', 'client', 'sync', 'laptop'],
      ...['--interface', device, '--key-file', join(directory, 'key'), '--interval', '1s'],
      ...['--keep-missing', '1s'],
    );
    const manager = start('-e', standIn, file());
    const patience = { timeout: 30_000, interval: 50 };
    await expect.poll(peers, patience).toEqual([n1]);
    manager.kill('SIGKILL');
    await succeed(['wg', 'set', device, 'peer', n1, 'remove']);
    await expect.poll(peers, { ...patience, message: 'kept up without managers' }).toEqual([n1]);
    await writeFile(file(), head + peer(n2, 2));
    start('-e', standIn, file());
    await expect.poll(peers, patience).toEqual([n2]);
    await expect.poll(() => succeed(['ip', 'route', 'show', 'dev', device])).toMatch(/^10\.64\.2\.0\/24 proto 87/);
    sync.kill('SIGTERM');
    expect(await once(sync, 'exit')).toEqual([0, null]);
    expect(await peers()).toEqual([n2]);
    expect(['/run', '/dev/shm'].filter((parent) => existsSync(`${parent}/wgcni-client-${device}`))).toEqual([]);
    expect(told).toMatch(/"sync\.applied"/);
    expect(told).not.toContain(key.privateKey.reveal());
  });
});
