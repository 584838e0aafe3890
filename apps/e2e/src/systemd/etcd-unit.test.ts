/**
 * The shipped unit of an etcd member: how exposed systemd finds it, and a member at work by it and its example of an environment.
 *
 *   etcdctl ── bridge ── n1: a booted machine    wgcni-etcd.service
 */
import { randomBytes } from 'node:crypto';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { addBridge, addNode, credentialsOf, findPrograms, Lab, planLab, until } from '@wgcni/testing';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BootedMachine, filesOfMachine } from './booted-machine.ts';
import { MachineDisk, type MachineFile } from './machine-disk.ts';

const root = resolve(import.meta.dirname, '../../../..');
const shipped = join(root, 'deploy/etcd');
const unit = 'wgcni-etcd.service';

describe('the unit of an etcd member', () => {
  it('is well formed, and exposed to no more than 1.1', async () => {
    const path = join(shipped, unit);
    const security = ['security', '--offline=yes', '--no-pager', '--threshold=11', path];
    const { stdout } = await execa('systemd-analyze', security);
    console.log(stdout.split('\n').at(-1));
    expect((await execa('systemd-analyze', ['verify', '--man=no', path], { all: true })).all).toBe('');
  });

  it('has the settings of the members in compose.yaml', async () => {
    const composed = parse(await readFile(join(root, 'deploy/docker/compose.yaml'), 'utf8'), { merge: true }) as {
      services: { etcd1: { environment: Record<string, string> } };
    };
    const same = (lines: [string, string][]): [string, string][] =>
      lines.filter(([name]) => /AUTH|ALLOWED|COMPACTION|LOG/.test(name)).sort();
    const example = same(Object.entries(variablesIn(await readFile(join(shipped, 'etcd.env.example'), 'utf8'))));
    expect(example).toHaveLength(6);
    expect(example).toEqual(same(Object.entries(composed.services.etcd1.environment)));
  });
});

describe('a member by the unit', () => {
  let lab: Lab;
  let machine: BootedMachine;
  let disk: MachineDisk | undefined;
  let booted: BootedMachine | undefined;
  let url: string;
  beforeAll(async () => {
    const size = { nodes: 1, containersPerNode: 0, managers: 0, etcd: 1 };
    const plan = planLab(`d${randomBytes(3).toString('hex')}`, size);
    lab = new Lab(plan, await findPrograms(root));
    await lab.certify();
    const [node] = plan.nodes;
    if (node === undefined) throw new Error('the lab has no node');
    await lab.authority.write('e1', { commonName: 'etcd', addresses: [node.underlay.v4] });
    await addBridge(plan);
    await addNode(plan, node);
    url = `https://${node.underlay.v4}:2379`;
    const peer = `https://${node.underlay.v4}:2380`;
    const values = {
      ...{ ETCD_LISTEN_CLIENT_URLS: url, ETCD_ADVERTISE_CLIENT_URLS: url },
      ...{ ETCD_LISTEN_PEER_URLS: peer, ETCD_INITIAL_ADVERTISE_PEER_URLS: peer, ETCD_INITIAL_CLUSTER: `e1=${peer}` },
    };
    const example = await readFile(join(shipped, 'etcd.env.example'), 'utf8');
    const text = [example, ...Object.entries(values).map(([name, value]) => `${name}=${value}`), ''].join('\n');
    const pki = ['cert.pem', 'key.pem', 'ca.pem'].map((file): [string, MachineFile] => [
      `/etc/wgcni/etcd/${file}`,
      { copyOf: join(credentialsOf(plan, 'e1'), file) },
    ]);
    disk = await MachineDisk.make({
      dir: join(plan.dir, 'machine'),
      files: {
        ...filesOfMachine,
        [`/etc/systemd/system/${unit}`]: { copyOf: join(shipped, unit) },
        '/etc/wgcni/etcd.env': { text },
        ...Object.fromEntries(pki),
      },
    });
    machine = booted = await BootedMachine.boot({ name: `wgcni-${plan.name}`, disk, netnsPath: node.netnsPath });
    await machine.startUnit(unit);
  });
  afterAll(async () => {
    await booted?.stop();
    await disk?.remove();
    await lab.down();
  });

  const etcdctl = async (...argv: string[]): Promise<string> => {
    const pki = (file: string): string => join(credentialsOf(lab.plan, 'etcdctl'), file);
    const known = ['--cert', pki('cert.pem'), '--key', pki('key.pem'), '--cacert', pki('ca.pem')];
    const { stdout } = await execa(lab.programs.etcdctl, ['--endpoints', url, ...known, ...argv], {
      env: { ETCDCTL_API: '3' },
    });
    return stdout;
  };

  it('serves who has a certificate, keeps what it was told over a restart, and is nobody', async () => {
    await etcdctl('put', 'a', 'b');
    await machine.run(['systemctl', 'restart', unit]);
    expect(await until(10_000, 'the member', () => etcdctl('get', 'a', '--print-value-only'))).toBe('b');
    const status = await machine.run(['cat', `/proc/${await machine.property(unit, 'MainPID')}/status`]);
    expect(status).toMatch(/^Uid:\t6[0-9]{4}\t/m);
    expect(status).toMatch(/^CapBnd:\t0000000000000000$/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
  });

  it('is restored from a backup: what came after it is gone, what was before is there, and the old data is kept', async () => {
    const pki = (file: string): string => join(credentialsOf(lab.plan, 'etcdctl'), file);
    const env = { ETCDCTL_CACERT: pki('ca.pem'), ETCDCTL_CERT: pki('cert.pem'), ETCDCTL_KEY: pki('key.pem') };
    // The second of the endpoints is the first that answers.
    const endpoints = `https://192.0.2.250:2379,${url}`;
    const backups = join(lab.plan.dir, 'backups');
    const { stdout: file } = await execa(lab.programs.backup, [backups], {
      env: { ...env, ETCDCTL_ENDPOINTS: endpoints, PATIENCE: '2' },
    });
    await etcdctl('put', 'later', 'c');
    await machine.run(['systemctl', 'stop', unit]);
    const inside = machine.path('/var/backups/wgcni.db');
    await mkdir(dirname(inside), { recursive: true });
    await cp(file, inside);
    const peer = `https://${new URL(url).hostname}:2380`;
    const data = '/var/lib/private/wgcni-etcd/data';
    const restore = [lab.programs.restore, '/var/backups/wgcni.db', 'e1', data, `e1=${peer}`, 'main-2'];
    // A file that is no backup changes nothing.
    await expect(machine.run([restore[0] ?? '', '/etc/hostname', ...restore.slice(2)])).rejects.toThrow(/snapshot/);
    await machine.run(restore);
    await machine.startUnit(unit);
    expect(await etcdctl('get', 'a', '--print-value-only')).toBe('b');
    expect(await etcdctl('get', 'later', '--print-value-only')).toBe('');
    const left = (await machine.run(['ls', dirname(data)])).split('\n');
    expect(left).toEqual(['data', expect.stringMatching(/^data\.before-/)]);
  });

  it('does not speak with who has none', async () => {
    // In TLS 1.3 the refusal meets the client while it shakes hands, sends or waits.
    await expect(execa('curl', ['--silent', '--insecure', `${url}/health`])).rejects.toThrow(/exit code (35|55|56)/);
  });
});

function variablesIn(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => /^[A-Z_]+=/.test(line));
  return Object.fromEntries(lines.map((line) => [line.replace(/=.*/, ''), line.replace(/^[^=]*=/, '')]));
}
