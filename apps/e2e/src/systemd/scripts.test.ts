/** What install.sh and uninstall.sh do where something is otherwise than on a machine of the tests: on a disk of its own, without systemd. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { until } from '@wgcni/testing';
import { execa, type ResultPromise } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MachineDisk } from './machine-disk.ts';

const shipped = resolve(import.meta.dirname, '../../../../deploy/systemd');
const units = ['wgcni-cluster-manager.service', 'wgcni-node-manager.service'];
const [nodeOfUnits, nodeOfPath] = ['/usr/bin/node', '/usr/local/bin/node'];

let dir: string;
let disk: MachineDisk;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'wgcni-scripts-'));
  // A release in which only what the script itself needs is there.
  const release = ['install.sh', 'uninstall.sh'].map((name) => [`/srv/r/${name}`, join(shipped, name)] as const);
  const systemd = units.map((name) => [`/srv/r/systemd/${name}`, join(shipped, name)] as const);
  const copies = [...release, ...systemd].map(([path, copyOf]) => [path, { copyOf }]);
  disk = await MachineDisk.make({ dir, files: { '/srv/r/VERSION': { text: '1' }, ...Object.fromEntries(copies) } });
  await on('mount --rbind /dev "$0/dev"');
  await run('rm -rf /etc/wgcni /usr/lib/wgcni; cd /srv/r; sha256sum VERSION systemd/* >SHA256SUMS');
  for (const path of [nodeOfUnits, nodeOfPath]) await program(path, 'exit 0');
});
afterEach(async () => {
  await disk.remove();
  await rm(dir, { recursive: true });
});

/** With the disk in sight, which is `$0`. */
function on(script: string): ResultPromise<{ all: true }> {
  return execa('nsenter', [`--mount=${disk.mountNamespace}`, 'sh', '-ec', script, disk.root], { all: true });
}

/** Puts a shell script there in place of a program. */
function program(path: string, script: string): Promise<string> {
  return run(`rm -f ${path}; printf '#!/bin/sh\\n%s\\n' '${script}' >${path}; chmod 755 ${path}`);
}

function entered(): string[] {
  return [`--mount=${disk.mountNamespace}`, 'chroot', disk.root];
}

/** On the disk; what is printed, together. */
async function run(script: string): Promise<string> {
  const env = { PATH: '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
  return (await execa('nsenter', [...entered(), 'sh', '-ec', script], { all: true, env })).all;
}

describe('install.sh', () => {
  it('makes a directory that a program which is nobody may look into, whatever the umask', async () => {
    expect(await run('umask 077; /srv/r/install.sh')).not.toContain('attention');
    expect(await run('cd /etc/wgcni; stat -c "%a %n" . *')).toBe('755 .\n700 cluster-manager\n700 node-manager');
  });

  it('leaves one that is there as it is, and says what nobody reads in it', async () => {
    const said = await run('mkdir -m 700 /etc/wgcni; /srv/r/install.sh');
    expect(said).toContain('attention: the cluster-manager cannot look into /etc/wgcni');
    expect(await run('stat -c %a /etc/wgcni')).toBe('700');
  });

  it('judges the node that the units start, not that of the path', async () => {
    await program(nodeOfUnits, 'if [ "$1" = --version ]; then echo v18.20.4; fi; exit 1');
    await expect(run('/srv/r/install.sh')).rejects.toThrow('the units start /usr/bin/node, and it is v18.20.4');
    await run(`rm ${nodeOfUnits}`);
    await expect(run('/srv/r/install.sh')).rejects.toThrow('which is not there');
    await program(nodeOfUnits, 'exit 0');
    await program(nodeOfPath, 'exit 1');
    expect(await run('/srv/r/install.sh')).toContain('is installed');
  });
});

describe('uninstall.sh', () => {
  it('leaves no word of a teardown behind when it is interrupted while the node is torn down', async () => {
    await program('/usr/bin/systemctl', 'if [ "$1" = start ]; then exec sleep 600; fi; echo "$1" >>/srv/asked');
    const change = `/run/systemd/system/${units[1]}.d`;
    await run(`mkdir -p /run/systemd/system /var/lib/wgcni; /srv/r/install.sh`);
    const interrupted = execa('nsenter', [...entered(), '/srv/r/uninstall.sh'], { detached: true, reject: false });
    await until(10_000, 'the teardown', async () =>
      (await run(`ls ${change}; cat /srv/asked`)).includes('daemon-reload'),
    );
    expect(await run(`cat ${change}/teardown.conf`)).toContain('WGCNI_TEARDOWN=true');
    await run('rm /srv/asked');
    // As a terminal does: to all that it started.
    process.kill(-(interrupted.pid ?? 0), 'SIGINT');
    expect((await interrupted).exitCode).toBe(130);
    expect(await run(`ls ${change} 2>&1 || cat /srv/asked`)).toMatch(/No such file or directory\ndaemon-reload$/);
    expect(await run('ls /usr/lib/wgcni')).toContain('current');
  });
});
