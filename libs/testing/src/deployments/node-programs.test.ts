/** What a node's machine or image is said to need is what the node-manager starts: no package less, and none more. */
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { deployments } from './known-variables.ts';

const root = resolve(deployments, '..');
/** Debian's packages; undefined for what every Debian has. */
const packageOf: Readonly<Record<string, string | undefined>> = {
  ...{ sh: undefined, cat: undefined },
  ...{ flock: 'util-linux', nsenter: 'util-linux', setpriv: 'util-linux' },
  ...{ ip: 'iproute2', wg: 'wireguard-tools', nft: 'nftables', fping: 'fping', 'wireguard-go': 'wireguard-go' },
  ...{ 'iptables-save': 'iptables', 'iptables-restore': 'iptables' },
  ...{ 'ip6tables-save': 'iptables', 'ip6tables-restore': 'iptables' },
};
const packages = [...new Set(Object.values(packageOf).flatMap((name) => name ?? []))].sort();

const places = ['apps/node-manager/src', 'libs/iproute/src', 'libs/wg/src'];
const words = /\bargv[^\n[]*\[\s*'([\w-]+)'|\b(?:spawn|execa?|execFile)\(\s*'([\w-]+)'|'(ip6?tables-\w+)'/g;

/** The first words of the command lines in the sources: of a list called `argv`, or of what is started at once. */
async function started(): Promise<string[]> {
  const found = new Set<string>();
  for (const place of places) {
    for (const path of await readdir(join(root, place), { recursive: true })) {
      if (!path.endsWith('.ts') || /\.test\.ts$|(^|\/)(contract|testing|memory)\//.test(path)) continue;
      const text = await readFile(join(root, place, path), 'utf8');
      for (const [, listed, begun, filter] of text.matchAll(words)) found.add(listed ?? begun ?? filter ?? '');
    }
  }
  return [...found].sort();
}

it('the table has each program that the sources start', async () => {
  const programs = await started();
  expect(programs.length).toBeGreaterThan(8);
  expect(programs.filter((program) => !(program in packageOf))).toEqual([]);
});

it('the image of a node is built with them', async () => {
  const text = await readFile(join(deployments, 'docker/node.Dockerfile'), 'utf8');
  const words = /apt-get install --yes --no-install-recommends ([^\\]+)/.exec(text)?.[1] ?? '';
  expect(words.trim().split(/\s+/).sort()).toEqual(packages);
});

it('the README of the units names them, and install.sh misses what is not there', async () => {
  const [readme, script] = await Promise.all(
    ['systemd/README.md', 'systemd/install.sh'].map((path) => readFile(join(deployments, path), 'utf8')),
  );
  for (const name of packages) {
    expect(readme).toContain(name);
    expect(script).toContain(name);
  }
});
