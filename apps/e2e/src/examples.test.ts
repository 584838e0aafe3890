/**
 * The examples run as their pages say, and leave nothing behind; a proof that fails ends them with status 1.
 *
 *   examples/NN-name/run.sh ×4, side by side, each in namespaces of its own ── ip, wg, nft, wireguard-go
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../../../examples');
const names = (await readdir(root)).filter((name) => /^[0-9]/.test(name)).sort();

describe.concurrent('the examples', () => {
  it.each(names)('%s proves what its page says', async (name) => {
    const { exitCode, all } = await execa(join(root, name, 'run.sh'), { reject: false, all: true });
    expect(exitCode, all).toBe(0);
    const page = await readFile(join(root, name, 'README.md'), 'utf8');
    expect(proofsIn(page).length).toBeGreaterThan(5);
    expect(proofsIn(all)).toEqual(proofsIn(page));
    expect(await leftOf(all)).toEqual([]);
  });

  it.each([
    ['a proof fails', 'prove "a reaches nobody" reaches "$a" 10.99.0.2', 1, 'FAILED a reaches nobody'],
    ['what must fail does not', 'refute "a is not there" on "$a" true', 1, 'FAILED a is not there'],
    ['a command fails', 'ip -n "$a" link set nothing up', 1, 'Cannot find device'],
    ['it is ended', 'start "$a" /dev/null sleep 60; kill $$; sleep 60', 143, 'WireGuard'],
  ])('end when %s, and take everything with them', async (_, line, status, text) => {
    const dir = await mkdtemp(join(tmpdir(), 'wgcni-example-'));
    const path = join(dir, 'run.sh');
    try {
      await writeFile(path, `#!/bin/bash\n. ${root}/lab.sh\na=$(host a)\nwireguard "$a" wg0\n${line}\ndone_proving\n`, {
        mode: 0o700,
      });
      const { exitCode, all } = await execa(path, { reject: false, all: true });
      expect([exitCode, all]).toEqual([status, expect.stringContaining(text)]);
      expect(all).not.toContain('proofs');
      expect(await leftOf(all)).toEqual([]);
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});

function proofsIn(text: string): string[] {
  return text.split('\n').filter((line) => line.startsWith('ok '));
}

/** Namespaces, processes and control sockets that carry the name of the run that said this. */
async function leftOf(output: string): Promise<string[]> {
  const id = /begin with ex-([0-9a-f]{6})-/.exec(output)?.[1];
  if (id === undefined) throw new Error(`no name in: ${output}`);
  const pids = (await readdir('/proc')).filter((pid) => /^[0-9]+$/.test(pid));
  // A process that ends meanwhile is not left.
  const commands = pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
  const sockets = await readdir('/run/wireguard').catch(() => []);
  const found = [...(await readdir('/run/netns')), ...sockets, ...(await Promise.all(commands))];
  return found.filter((text) => text.includes(`ex-${id}`) || text.includes(`wgex${id}`));
}
