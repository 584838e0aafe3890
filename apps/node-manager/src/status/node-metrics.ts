/** What a node-manager tells Prometheus: what is known without asking the kernel, some of it from the last look. */
import { Metrics, type Reading } from '@wgcni/api/server';
import type { Clock } from '@wgcni/base';
import { parseCidr } from '@wgcni/ipam';
import { type CertificateLife, livesOf } from '@wgcni/pki';
import type { Attachments } from '../attachments/index.ts';
import type { MeshLook } from '../mesh/mesh-look.ts';
import type { Parts } from '../parts.ts';
import { verdictOf } from '../paths/path-state.ts';
import type { PolicyKeeper } from '../policy/policy-keeper.ts';
import type { Ports } from '../ports.ts';
import { withHandshakes } from '../tunnels/known-handshakes.ts';
import type { NodeMeters } from './node-meters.ts';
import { peerReadings, type PeerReadings } from './peer-readings.ts';
import type { RegularLook } from './regular-look.ts';

export interface MetricSources
  extends Pick<Parts, 'board' | 'judgement'>, Pick<Ports, 'credentials' | 'etcdCredentials'> {
  contact: Pick<Parts['contact'], 'ageMs'>;
  keeper: Pick<Parts['keeper'], 'view' | 'quarantined'>;
  paths: Pick<Parts['paths'], 'paths'>;
  tunnels: Pick<Parts['tunnels'], 'tunnels' | 'handshakes'>;
  repairs: Pick<Parts['repairs'], 'contested'>;
  attachments: Pick<Attachments, 'list' | 'addressUse' | 'quarantined'>;
  policy: Pick<PolicyKeeper, 'last'>;
  mesh: { look: Pick<MeshLook, 'last'> };
  meters: Pick<NodeMeters, 'all'>;
  regular: Pick<RegularLook, 'rejected' | 'queuedDeletions' | 'untilFullMs'>;
  clock: Pick<Clock, 'monotonicMs' | 'wallMs'>;
}

export function nodeMetrics(sources: MetricSources, version: string): Metrics {
  const certificates = (): CertificateLife[] => livesOf({ tls: sources.credentials, etcd: sources.etcdCredentials });
  const metrics = new Metrics({ program: 'node-manager', version, certificates });
  tellStanding(metrics, sources);
  tellAddresses(metrics, sources);
  tellPeers(metrics, sources);
  tellPackets(metrics, sources);
  for (const meter of sources.meters.all) metrics.include(meter);
  return metrics;
}

/** A value without labels; undefined: it is not known. */
function one(metrics: Metrics, name: string, help: string, read: () => number | boolean | undefined): void {
  metrics.gauge(name, help, [], () => {
    const value = read();
    return value === undefined ? [] : [{ value: Number(value) }];
  });
}

function tellStanding(metrics: Metrics, sources: MetricSources): void {
  const { board, contact, keeper, attachments, judgement, regular } = sources;
  one(metrics, 'wgcni_registered', 'whether the cluster answered last that it knows this node', () => {
    return board.standing.kind === 'registered';
  });
  one(metrics, 'wgcni_ready', 'whether ADD is served', () => judgement().refusal === undefined);
  one(metrics, 'wgcni_draining', 'whether ADD is not served because the node drains', () => {
    return judgement().readiness === 'draining';
  });
  one(metrics, 'wgcni_contact_age_seconds', 'since the last renewal that was answered as valid', () => {
    const ageMs = contact.ageMs();
    return ageMs === undefined ? undefined : ageMs / 1_000;
  });
  one(metrics, 'wgcni_mesh_revision', 'the revision of the mesh that it works by', () => keeper.view.revision);
  one(metrics, 'wgcni_quarantined', 'records that could not be read', () => {
    return keeper.quarantined.length + attachments.quarantined.length;
  });
  one(
    metrics,
    'wgcni_queued_deletions',
    'deletions of the CNI plugin that wait on disk',
    () => regular.queuedDeletions,
  );
}

function tellAddresses(metrics: Metrics, { attachments, regular }: MetricSources): void {
  metrics.gauge('wgcni_attachments', 'attachments by state', ['state'], () =>
    countedBy(attachments.list().map(({ state }) => state)),
  );
  // With the family, because ADD takes one of each: plenty of one does not make up for none of the other.
  const labels = ['subnet', 'family', 'state'];
  metrics.gauge('wgcni_addresses', 'addresses of each subnet, taken and free; family: 4, 6', labels, () =>
    attachments.addressUse().flatMap(({ subnet, taken, free }): Reading[] => {
      const family = String(parseCidr(subnet).family);
      return [
        { labels: { subnet, family, state: 'taken' }, value: taken },
        { labels: { subnet, family, state: 'free' }, value: Number(free) },
      ];
    }),
  );
  const full = 'until a subnet is full by the trend of the last day; without a trend it is not told';
  metrics.gauge('wgcni_subnet_exhaustion_seconds', full, ['subnet'], () =>
    attachments.addressUse().flatMap(({ subnet, free }): Reading[] => {
      const ms = regular.untilFullMs(subnet, Number(free));
      return ms === undefined ? [] : [{ labels: { subnet }, value: ms / 1_000 }];
    }),
  );
}

function tellPeers(metrics: Metrics, { mesh, tunnels, keeper, clock }: MetricSources): void {
  const labels = ['peer', 'kind'];
  const read = (): PeerReadings => {
    const peers = withHandshakes(mesh.look.last?.device?.peers ?? [], keeper.view, tunnels.handshakes);
    return peerReadings(keeper.view, peers, clock.wallMs());
  };
  metrics.gauge('wgcni_peers', 'peers of the mesh device: node, client, unknown', ['kind'], () =>
    mesh.look.last === undefined ? [] : read().count,
  );
  metrics.gauge('wgcni_peer_handshake_age_seconds', 'since the last handshake with a peer that had one', labels, () => {
    return read().handshakeAge;
  });
  const received = 'what came from a peer, as WireGuard counts it';
  metrics.counter('wgcni_peer_received_bytes_total', received, labels, () => read().received);
  const sent = 'what went to a peer, as WireGuard counts it';
  metrics.counter('wgcni_peer_sent_bytes_total', sent, labels, () => read().sent);
  one(metrics, 'wgcni_mesh_look_age_seconds', 'since the look that the values of peers are from', () => {
    const { last } = mesh.look;
    return last === undefined ? undefined : (clock.monotonicMs() - last.monotonicMs) / 1_000;
  });
}

function tellPackets(metrics: Metrics, { paths, tunnels, repairs, policy, regular }: MetricSources): void {
  const states = 'tunnels to other nodes by what came through them: up, broken, unknown';
  metrics.gauge('wgcni_tunnels', states, ['state'], () => countedBy(tunnels.tunnels.map(({ state }) => state)));
  // By name, so that one alert for a node takes the place of one for each node that does not reach it.
  metrics.gauge('wgcni_tunnels_not_repaired', '1 of each whose repair did not help three times', ['peer'], () =>
    tunnels.tunnels.filter(({ isAlarm }) => isAlarm).map(({ peer }) => ({ labels: { peer }, value: 1 })),
  );
  one(metrics, 'wgcni_contested', 'what somebody else keeps changing', () => repairs.contested.length);
  metrics.gauge('wgcni_paths', 'ways to other nodes by what they carry: fits, too-small, unknown', ['state'], () =>
    countedBy(paths.paths.map((path) => verdictOf(path))),
  );
  const rejected =
    "packets that a tunnel refused: their source is not the sender's; only the kernel's WireGuard counts";
  metrics.counter('wgcni_rejected_packets_total', rejected, ['device'], () =>
    [...regular.rejected].map(([device, value]) => ({ labels: { device }, value })),
  );
  metrics.counter('wgcni_denied_packets_total', 'packets that nothing allows, by who and where to', ['what'], () =>
    (policy.last?.denied ?? []).map(({ what, packets }) => ({ labels: { what }, value: packets })),
  );
  metrics.counter('wgcni_rule_packets_total', 'packets that a rule let pass', ['rule'], () =>
    (policy.last?.rules ?? []).map(({ name, packets }) => ({ labels: { rule: name }, value: packets })),
  );
}

function countedBy(states: readonly string[]): Reading[] {
  const counts = new Map<string, number>();
  for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, value]) => ({ labels: { state }, value }));
}
