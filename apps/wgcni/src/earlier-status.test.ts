/** A node of an earlier version leaves out what came later: what is shown of it lacks that, and nothing breaks. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { NodeStatusSchema } from '@wgcni/api';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { saidLater } from './earlier-status.ts';
import { silentOutlet } from './run/outlet.ts';
import { perform } from './run/perform.ts';

/** What the first version said. */
const peer = {
  nodeId: 'n2',
  publicKey: 'k',
  endpoint: '192.0.2.12:51820',
  allowedIps: ['10.64.1.0/24'],
  state: 'programmed',
};
const first = {
  ...{ nodeId: 'n1', version: '0.0.1', readiness: 'ready', reason: null, networkId: 'a', subnets: ['10.64.0.0/24'] },
  ...{
    publicKey: 'k',
    backend: 'kernel',
    isRegistered: true,
    isViewStored: false,
    contactAgeSec: 3,
    meshRevision: '7',
  },
  attachments: { total: 0, orphaned: 0, adopted: 0 },
  addresses: [{ subnet: '10.64.0.0/24', taken: 2, free: '252' }],
  ...{ quarantined: [], drift: [], queuedDeletions: 0 },
  peers: [{ ...peer, handshakeAgeSec: 8, receivedBytes: 2_048, sentBytes: 4_096 }],
};
/** What this one says. */
const now = {
  ...first,
  ...{
    clients: [],
    certificates: [],
    contested: [],
    paths: [],
    pathsProblem: null,
    tunnelsProblem: null,
    tunnelTurnSec: 3,
  },
  direct: { pairs: 0, due: 0, farPairs: 0, farDue: 0, published: 0, unpublished: 0 },
  ...{ mtu: { network: 1_420, underlay: 1_500, problem: null, waiting: [] }, tunnels: [], policy: null },
  peers: first.peers.map((one) => ({ ...one, unaccounted: [] })),
};
const without = (name: string): object => Object.fromEntries(Object.entries(now).filter(([key]) => key !== name));

let served: object;
let server: Server;
let url: string;
beforeAll(async () => {
  server = createServer(({ url: path = '' }, response) => {
    const body = path.startsWith('/v1/status') ? served : { items: [], next: null };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());
beforeEach(() => void (served = now));

async function printed(...argv: string[]): Promise<string> {
  let text = '';
  const told = { ...silentOutlet, tell: (more: string) => (text += more), complain: (more: string) => (text += more) };
  await perform(['--insecure', '--node-manager', url, ...argv], '1.2.3', told);
  return text;
}

it('knows of each field whether a node may leave it out', () => {
  expect([...Object.keys(first), ...saidLater].sort()).toEqual(Object.keys(NodeStatusSchema.properties).sort());
});

describe('the status of a node', () => {
  it.each(['nothing', ...saidLater])('is told, and well, without %s', async (name) => {
    served = without(name);
    expect(await printed('status')).toMatch(/^node n1 {2}ready\n(.*\n)+nothing is wrong\n$/);
  });

  it('of the first version is told like that of this one, and as JSON without what it does not say', async () => {
    const wanted = await printed('status');
    served = first;
    expect(await printed('status')).toBe(wanted);
    expect((JSON.parse(await printed('status', '--json')) as { status: object }).status).toEqual(first);
  });
});

it('top and doctor take the first version too', async () => {
  served = first;
  expect(await printed('top', '--interval', '1s')).toContain('n2');
  expect(await printed('doctor')).toMatch(/node +n1 is ready/);
});
