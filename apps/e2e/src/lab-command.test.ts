/**
 * The lab as a person uses it: up twice in a row, then down, and the machine is as it was before.
 *
 *   `lab up --name X` → namespaces wgcni-X-*; `lab down --name X` → nothing
 */
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { wireguardDevices } from '@wgcni/testing';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';

const program = join(import.meta.dirname, '../../lab/dist/lab.cjs');
const name = `e${randomBytes(3).toString('hex')}`;
const lab = (verb: string) => execa('node', [program, verb, '--name', name], { reject: false, all: true });

describe('the lab command', () => {
  afterAll(() => lab('down'));

  it('comes up twice in a row with every path answering, and leaves nothing behind', async () => {
    const before = await machine();
    const devices: string[] = [];
    for (const round of ['first', 'second']) {
      const { exitCode, all } = await lab('up');
      expect(exitCode, `${round}: ${all}`).toBe(0);
      expect(all).toMatch(/^leader: /m);
      expect(all).toMatch(/108 of 108 paths answer/);
      devices.push(...(await devicesOfLab()));
    }
    expect((await lab('status')).exitCode).toBe(0);
    expect((await lab('down')).exitCode).toBe(0);
    const after = await machine();
    for (const [what, found] of Object.entries(after)) expect(found, what).toEqual(before[what]);
    expect(await servedStill(devices)).toEqual([]);
  });

  it('refuses a name that could not stand in an interface name', async () => {
    const { exitCode, all } = await execa('node', [program, 'up', '--name', 'Not_A_Name'], {
      reject: false,
      all: true,
    });
    expect(exitCode).toBe(2);
    expect(all).toContain('Not_A_Name');
  });
});

/** What a lab could leave behind, as far as it carries the lab's name or stands in this namespace. */
async function machine(): Promise<Record<string, unknown>> {
  const run = async (command: string, args: string[]): Promise<string> => (await execa(command, args)).stdout;
  const ours = (entries: string[]): string[] => entries.filter((entry) => entry.includes(name)).sort();
  return {
    namespaces: ours(await list('/run/netns')),
    processes: ours(await commands()),
    files: ours(await list('/run/wgcni-lab')),
    links: await run('ip', ['-br', 'link']),
    routes: [
      await run('ip', ['route', 'show', 'table', 'all']),
      await run('ip', ['-6', 'route', 'show', 'table', 'all']),
    ],
    rules: [await run('iptables-save', []), await run('ip6tables-save', [])].map((text) => text.replace(/^#.*$/gm, '')),
    forwarding: await Promise.all(
      ['ipv4/ip_forward', 'ipv6/conf/all/forwarding'].map((name) => readFile(`/proc/sys/net/${name}`, 'utf8')),
    ),
  };
}

/** Userspace WireGuard devices of the lab's nodes. Their names do not carry the lab's: they are found by the namespace they run in. */
async function devicesOfLab(): Promise<string[]> {
  const namespaces = (await list('/run/netns')).filter((netns) => netns.includes(name));
  return (await Promise.all(namespaces.map((netns) => wireguardDevices(`/run/netns/${netns}`)))).flat();
}

/** Those of the devices that have a process or a socket. Other labs of this machine have theirs in the same place. */
async function servedStill(devices: readonly string[]): Promise<string[]> {
  const found = [...(await commands()), ...(await list('/run/wireguard'))];
  return devices.filter((device) => found.some((text) => text.includes(device)));
}

const list = (path: string): Promise<string[]> => readdir(path).catch(() => []);

async function commands(): Promise<string[]> {
  const pids = (await list('/proc')).filter((pid) => /^[0-9]+$/.test(pid));
  return Promise.all(pids.map((pid) => commandOf(pid)));
}

/** Empty for a process that has ended meanwhile. */
async function commandOf(pid: string): Promise<string> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return command.replaceAll('\0', ' ');
}
