/** The machines of `vagrant/`: what is written for them is read by Vagrant and by shells, and sets what the programs know. */
import { access, constants, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { deployments, knownVariables } from './known-variables.ts';

const dir = resolve(deployments, '../vagrant');
const provision = join(dir, 'provision');
const vagrant = '/usr/bin/vagrant';
const isThere = await access(vagrant, constants.X_OK).then(
  () => true,
  () => false,
);

/** Variables that a script writes into a file, or hands on. */
async function variablesIn(script: string): Promise<string[]> {
  const text = await readFile(join(provision, script), 'utf8');
  return [...text.matchAll(/^(?:export )?(WGCNI_[A-Z_]+)=/gm)].map(([, name = '']) => name);
}

describe('the machines of vagrant/', () => {
  it.each([
    ['control.sh', ['cluster-manager', 'node-manager']],
    ['node.sh', ['node-manager']],
  ] as const)('%s sets what the programs read', async (script, programs) => {
    const known = new Set((await Promise.all(programs.map(knownVariables))).flatMap((names) => [...names]));
    const set = await variablesIn(script);
    expect(set.length).toBeGreaterThan(4);
    expect(set.filter((name) => !known.has(name))).toEqual([]);
  });

  it('are made by scripts that a shell can read', async () => {
    const scripts = [
      ...(await readdir(provision)).map((name) => join(provision, name)),
      ...['make-box.sh', 'offline.sh', 'check.sh', 'change-by-hand.sh'].map((name) => join(dir, name)),
    ];
    for (const script of scripts) {
      const [first = ''] = (await readFile(script, 'utf8')).split('\n');
      await execa(first.includes('bash') ? 'bash' : 'sh', ['-n', script]);
    }
    expect(scripts.length).toBe(8);
  });

  it('have packages that the box and the provisioning share, one in each line', async () => {
    const lines = (await readFile(join(dir, 'packages'), 'utf8')).trim().split('\n');
    const names = lines.filter((line) => !line.startsWith('#'));
    expect(names.filter((name) => !/^[a-z0-9][a-z0-9+.-]+$/.test(name))).toEqual([]);
    // What deploy/systemd says that a node needs.
    expect(names).toEqual(
      expect.arrayContaining(['iproute2', 'wireguard-tools', 'nftables', 'iptables', 'util-linux', 'fping']),
    );
  });
});

describe.skipIf(!isThere)(`the Vagrantfile${isThere ? '' : ' (not run: no vagrant here)'}`, () => {
  it('is one that Vagrant takes', async () => {
    const home = await mkdtemp(join(tmpdir(), 'wgcni-vagrant-'));
    try {
      const env = { VAGRANT_HOME: home, VAGRANT_DOTFILE_PATH: join(home, 'machines'), VAGRANT_CHECKPOINT_DISABLE: '1' };
      const { stdout } = await execa(vagrant, ['validate', '--ignore-provider'], { cwd: dir, env });
      expect(stdout).toContain('validated successfully');
    } finally {
      await rm(home, { recursive: true });
    }
  });
});
