/** Nothing goes on of what a program has started apart, however it ends: its detached processes, the namespaces that it named, its files. */
import { execa } from 'execa';
import { randomInt } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterEach, expect, it } from 'vitest';

const apart = resolve(import.meta.dirname, 'apart.sh');
/** Of the processes of this test: nobody else sleeps so long. */
const seconds = String(randomInt(1e8, 1e9));
const netns = `wgcni-apart${seconds}`;
/** Says the directory that is mounted over /run/netns when everything is there, and waits. */
const program = `
  ip netns add ${netns} && mkdir /run/wgcni-lab/e1 && touch /run/wireguard/wg0.sock
  setsid sleep ${seconds} >/dev/null 2>&1 &
  awk '$5 == "/run/netns" { print $4 }' /proc/self/mountinfo | tail -1
`;
let directory: string | undefined;
afterEach(async () => {
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

async function started(more: string) {
  const running = execa('sh', [apart, 'sh', '-c', `${program}${more}`], { reject: false });
  const lines = running.iterable({ preserveNewlines: false })[Symbol.asyncIterator]();
  const line = await lines.next();
  // Where the file system of /run begins is not said.
  directory = `/run/${/wgcni-apart-[^/]+/.exec(String(line.value))?.[0]}`;
  return { running, directory };
}

async function left(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.startsWith(`sleep\0${seconds}`));
}

it('by itself: with its own exit status', async () => {
  const { running } = await started('exit 7');
  expect((await running).exitCode).toBe(7);
  expect(await left()).toEqual([]);
  expect(await readdir('/run')).not.toContain(directory?.slice('/run/'.length));
});

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('by %s', async (signal, status) => {
  const { running, directory } = await started('wait');
  expect(await readdir(`${directory}/netns`)).toEqual([netns]);
  expect(await readdir('/run/netns')).not.toContain(netns);
  expect(await left()).toHaveLength(1);
  running.kill(signal);
  expect((await running).exitCode).toBe(status);
  expect(await left()).toEqual([]);
  expect(await readdir('/run')).not.toContain(directory.slice('/run/'.length));
});

it('killed: its processes and namespaces go, its empty files stay', async () => {
  const { running, directory } = await started('wait');
  running.kill('SIGKILL');
  await running;
  await expect.poll(left, { timeout: 5_000 }).toEqual([]);
  expect(await readdir(directory)).toEqual(['netns', 'wgcni-lab', 'wireguard']);
});
