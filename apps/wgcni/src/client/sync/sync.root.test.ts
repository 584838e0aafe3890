/**
 * The loop on a real interface, a userspace device in a namespace of its own:
 *
 *   netns wgcni-sync-…  [ ws… ] ◀── wg syncconf, ip -batch ── ClientSync ◀── texts of this test
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { silentLog, systemClock } from '@wgcni/base';
import { ExecIpRoute, Processes } from '@wgcni/iproute';
import { parseDump, systemKeys } from '@wgcni/wg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevice, type OpenDevice } from './device.ts';
import { ClientSync } from './sync-client.ts';

const id = randomBytes(4).toString('hex');
const [netns, device] = [`wgcni-sync-${id}`, `ws${id}`];
const places = ['/run', '/dev/shm'].map((parent) => `${parent}/wgcni-client-${device}`);
const key = systemKeys.generate();
const [n1, n2] = [systemKeys.generate().publicKey, systemKeys.generate().publicKey];
const peer = (publicKey: string, index: number): string =>
  [
    ...['', `# n${index}`, '[Peer]', `PublicKey = ${publicKey}`, `Endpoint = 192.0.2.${index}:51820`],
    ...[`AllowedIPs = 10.64.${index}.0/24, fd64:0:0:${index}::/64`, 'PersistentKeepalive = 25', ''],
  ].join('\n');
const head =
  '# laptop\n[Interface]\n# PrivateKey = <known to the client alone>\nAddress = 10.66.0.5/32, fd66::5/128\nMTU = 1380\n';

describe('the sync of a client on a real interface', () => {
  const processes = new Processes(`/run/netns/${netns}`);
  let text = head + peer(n1, 1) + peer(n2, 2);
  let sync: ClientSync;
  let opened: OpenDevice;
  beforeAll(async () => {
    await succeed(['ip', 'netns', 'add', netns], new Processes());
    await succeed(['wireguard-go', device]);
    opened = await openDevice(device, processes);
    const deps = {
      fetch: async (known: string | undefined) => (known === text ? undefined : { text, etag: text }),
      ...{ device: opened, ip: new ExecIpRoute({ ownNetns: `/run/netns/${netns}` }) },
      ...{ key, clock: systemClock, log: silentLog },
    };
    sync = new ClientSync(deps, { interfaceName: device, intervalMs: 1_000, keepMissingMs: 60_000 });
  });
  afterAll(async () => {
    await processes.run({ argv: ['ip', 'link', 'del', device] });
    await new Processes().run({ argv: ['ip', 'netns', 'del', netns] });
  });

  async function succeed(argv: string[], by = processes): Promise<string> {
    const { status, stdout, stderr } = await by.run({ argv });
    if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
    return stdout;
  }
  const look = (): Promise<void> => sync.look(new AbortController().signal);
  const held = async () => parseDump(await succeed(['wg', 'show', device, 'dump']));
  const routes = async (): Promise<string[]> =>
    (
      (await succeed(['ip', 'route', 'show', 'dev', device])) +
      (await succeed(['ip', '-6', 'route', 'show', 'dev', device]))
    )
      .split('\n')
      .flatMap((line) => (line.includes('proto 87') ? [line.split(' ')[0] ?? ''] : []))
      .sort();

  it('makes it as the text says, and leaves no file with the key', async () => {
    await look();
    const { publicKey, peers } = await held();
    expect(publicKey).toBe(key.publicKey);
    expect(peers.map((each) => each.publicKey).sort()).toEqual([n1, n2].sort());
    expect(await routes()).toEqual(['10.64.1.0/24', '10.64.2.0/24', 'fd64:0:0:1::/64', 'fd64:0:0:2::/64']);
    const shown = await succeed(['ip', 'addr', 'show', 'dev', device]);
    expect(shown).toMatch(/mtu 1380/);
    expect(shown).toMatch(/inet 10\.66\.0\.5\/32/);
    expect(shown).toMatch(/inet6 fd66::5\/128/);
    const made = places.filter((path) => existsSync(path));
    expect(made.map((path) => readdirSync(path))).toEqual([[]]);
  });

  it('lets a node go whose block another has, keeps the port, and leaves the other where it is', async () => {
    const { listenPort } = await held();
    await succeed(['wg', 'set', device, 'peer', n2, 'endpoint', '198.51.100.7:4000']);
    text = head + peer(n2, 2).replace('AllowedIPs = ', 'AllowedIPs = 10.64.1.0/24, fd64:0:0:1::/64, ');
    await look();
    expect(await held()).toMatchObject({
      ...{ listenPort, peers: [{ publicKey: n2, keepaliveSec: 25, endpoint: '198.51.100.7:4000' }] },
    });
    text = head + peer(n2, 2);
    await look();
    expect(await routes()).toEqual(['10.64.2.0/24', 'fd64:0:0:2::/64']);
  });

  it('takes over an interface that wg-quick brought up, with its routes', async () => {
    await succeed(['ip', 'route', 'del', '10.64.2.0/24', 'dev', device]);
    await succeed(['ip', 'route', 'add', '10.64.2.0/24', 'dev', device]);
    await look();
    expect(await routes()).toEqual(['10.64.2.0/24', 'fd64:0:0:2::/64']);
    expect((await succeed(['ip', 'route', 'show', '10.64.2.0/24'])).trim().split('\n')).toHaveLength(1);
  });

  it('leaves nothing behind when it ends, and the interface as it is', async () => {
    await opened.close();
    expect(places.filter((path) => existsSync(path))).toEqual([]);
    expect((await held()).peers).toHaveLength(1);
  });
});
