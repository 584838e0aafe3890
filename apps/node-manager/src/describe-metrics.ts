/** Writes the reference of the node-manager's metrics; `--check` fails when it differs, `--exposition` prints a sample of each. */
import { tellMetrics } from '@wgcni/api/server';
import { systemClock } from '@wgcni/base';
import type { ObservedPeer, PublicKey } from '@wgcni/wg';
import { NodeMeters } from './status/node-meters.ts';
import { type MetricSources, nodeMetrics } from './status/node-metrics.ts';
import { emptyView } from './view/cluster-view.ts';

const peer: ObservedPeer = {
  ...{ publicKey: `${'A'.repeat(43)}=` as PublicKey, endpoint: undefined, allowedIps: [], keepaliveSec: 25 },
  ...{ latestHandshakeAt: 1, receivedBytes: 1, sentBytes: 1 },
};

/** Sources with one of each thing that is told; no node runs. */
async function sources(): Promise<MetricSources> {
  const meters = new NodeMeters(systemClock);
  meters.answered({ operation: 'attach', status: 200, isCut: false, ms: 1 });
  await meters.timed('mesh', async () => {});
  const ref = { id: 'mesh', name: 'wgcni-mesh' };
  const device = { ref, publicKey: undefined, listenPort: 51_820, peers: [peer] };
  const current = { validFromMs: 1_000, validToMs: 2_000 } as never;
  const attachment = {
    ...{ network: 'mesh', containerId: 'c1', ifName: 'eth0', state: 'answered' as const, netns: '/run/netns/c1' },
    ...{ addresses: [], mtu: 1_420, publicKey: null, listenPort: 0 },
  };
  return {
    meters,
    clock: systemClock,
    credentials: { current, onChange: () => () => {} },
    board: { standing: { kind: 'registered' }, isDraining: false },
    judgement: () => ({ readiness: 'ready', refusal: undefined }),
    contact: { ageMs: () => 1_000 },
    keeper: { view: emptyView, quarantined: [] },
    paths: { paths: [{ nodeId: 'n2', endpoint: '192.0.2.2:51820', carries: null, needs: 1_480 }] },
    tunnels: {
      tunnels: [{ peer: 'n2', state: 'broken', sinceSec: 90, cause: null, attempts: 3, isAlarm: true }],
      handshakes: new Map(),
    },
    repairs: { contested: [] },
    attachments: {
      quarantined: [],
      list: () => [attachment],
      addressUse: () => [{ subnet: '10.64.3.0/24', taken: 1, free: '252' }],
    },
    policy: {
      last: {
        isolation: 'isolated',
        rules: [{ name: 'web', packets: 1, bytes: 60 }],
        denied: [{ what: 'container-outside', packets: 1, bytes: 60 }],
      },
    },
    mesh: { look: { last: { device, monotonicMs: 0, wallMs: 0 } } },
    regular: { rejected: new Map([['wgcni-mesh', 1]]), queuedDeletions: 0, untilFullMs: () => 86_400_000 },
  };
}

async function main(argv: readonly string[]): Promise<number> {
  const metrics = nodeMetrics({ ...(await sources()), etcdCredentials: undefined }, '1');
  metrics.refused('identity.missing');
  return tellMetrics('node-manager', metrics, argv);
}

void main(process.argv.slice(2)).then((status) => (process.exitCode = status));
