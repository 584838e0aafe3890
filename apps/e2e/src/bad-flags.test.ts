/** Every program refuses a bad flag with status 2 and one line that names the flag and the remedy, and ends with its reader; nothing is left running. */
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';

const certificate = ['--tls-cert=c', '--tls-key=k', '--tls-ca=a'];
const places = ['--etcd=https://192.0.2.1:2379', '--cluster=c'];
const manager = [...places, '--listen=127.0.0.1:7001', '--advertise=https://127.0.0.1:7001', ...certificate];
const node = [...places, '--manager=https://192.0.2.1:7001', ...certificate];
/** On loopback, without a word of it. */
const plainPlaces = ['--etcd=http://127.0.0.1:2379', '--cluster=c'];
const plainManager = [...plainPlaces, '--listen=127.0.0.1:7001', '--advertise=http://127.0.0.1:7001'];
const plainNode = [...plainPlaces, '--manager=http://127.0.0.1:7001'];

describe('a bad flag', () => {
  it.each([
    ['cluster-manager', [...manager, '--mtu=big'], '--mtu'],
    ['cluster-manager', [...manager, '--bootstrap', '--pool=10.64.0.0/12:99'], '--pool'],
    ['cluster-manager', manager.slice(1), '--etcd'],
    ['cluster-manager', [...manager, '--colour=red'], '--colour'],
    ['node-manager', [...node, '--mesh-port=70000'], '--mesh-port'],
    ['node-manager', [...node, '--container-ports=9'], '--container-ports'],
    ['node-manager', [...node, '--backend=magic'], '--backend'],
    ['node-manager', node.slice(0, 2), '--manager'],
    ['node-manager', [...node, 'word'], 'word'],
    ['wgcni', ['nodes'], '--manager'],
    ['wgcni', ['nodes', '--colour=red'], '--colour'],
    ['wgcni', ['nodes', '--manager=https://127.0.0.1:1'], '--tls-cert'],
    ['wgcni', ['nodes', '--manager=https://127.0.0.1:1', '--tls-cert=c'], '--tls-key'],
    ['wgcni', ['nodes', '--manager=http://127.0.0.1:1', ...certificate], '--manager'],
    ['wgcni', ['nodes', '--manager=http://127.0.0.1:1'], '--insecure'],
    ['wgcni', ['nodes', '--manager=http://192.0.2.1:1', '--insecure'], '--manager'],
    ['wgcni', ['nodes', '--manager=https://127.0.0.1:1', ...certificate, '--insecure'], '--insecure'],
    ['cluster-manager', manager.slice(0, -1), '--tls-ca'],
    ['cluster-manager', plainManager, '--insecure'],
    ['cluster-manager', [...plainManager, '--insecure', '--listen=0.0.0.0:7001'], '--listen'],
    ['node-manager', plainNode, '--insecure'],
    ['node-manager', [...plainNode, '--insecure', '--manager=http://192.0.2.1:7001'], '--manager'],
    ['node-manager', [...node, '--etcd-ca=a'], '--etcd-cert'],
    ['lab', ['up', '--name', 'Not_A_Name'], 'Not_A_Name'],
  ])('of %s %j is refused', async (program, argv, named) => {
    const path = join(import.meta.dirname, `../../${program}/dist/${program}.cjs`);
    const { exitCode, stderr, stdout } = await execa('node', [path, ...argv], {
      reject: false,
      timeout: 20_000,
      env: { WGCNI_MANAGER: '' },
    });
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(named);
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
    expect(stderr.length).toBeGreaterThan(named.length + 20);
  });
});

describe('a reader that ends early', () => {
  it('ends wgcni without a word', async () => {
    const path = join(import.meta.dirname, '../../wgcni/dist/wgcni.cjs');
    const { exitCode, stderr } = await execa('bash', ['-c', 'set -o pipefail; node "$0" man | true', path]);
    expect([exitCode, stderr]).toEqual([0, '']);
  });
});
