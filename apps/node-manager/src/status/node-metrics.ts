/** What a node-manager tells Prometheus of itself: what is known without asking the kernel. */
import { Metrics, type Reading } from '@wgcni/api/server';
import { type CertificateLife, livesOf } from '@wgcni/pki';
import type { Attachments } from '../attachments/index.ts';
import type { Parts } from '../parts.ts';
import { verdictOf } from '../paths/path-state.ts';
import type { PolicyKeeper } from '../policy/policy-keeper.ts';
import type { Ports } from '../ports.ts';

export interface MetricSources
  extends Pick<Parts, 'board' | 'judgement'>, Pick<Ports, 'credentials' | 'etcdCredentials'> {
  contact: Pick<Parts['contact'], 'ageMs'>;
  keeper: Pick<Parts['keeper'], 'view' | 'quarantined'>;
  paths: Pick<Parts['paths'], 'paths'>;
  attachments: Pick<Attachments, 'list' | 'addressUse' | 'quarantined'>;
  policy: Pick<PolicyKeeper, 'last'>;
}

export function nodeMetrics(sources: MetricSources, version: string): Metrics {
  const { board, contact, keeper, attachments, paths, judgement, policy } = sources;
  const certificates = (): CertificateLife[] => livesOf({ tls: sources.credentials, etcd: sources.etcdCredentials });
  const metrics = new Metrics({ program: 'node-manager', version, certificates });
  const one = (name: string, help: string, read: () => number | boolean | undefined): void =>
    metrics.gauge(name, help, [], () => {
      const value = read();
      return value === undefined ? [] : [{ value: Number(value) }];
    });
  one('wgcni_registered', 'whether the cluster answered last that it knows this node', () => {
    return board.standing.kind === 'registered';
  });
  one('wgcni_ready', 'whether ADD is served', () => judgement().refusal === undefined);
  one('wgcni_contact_age_seconds', 'since the last renewal that was answered as valid', () => {
    const ageMs = contact.ageMs();
    return ageMs === undefined ? undefined : ageMs / 1_000;
  });
  one('wgcni_mesh_revision', 'the revision of the mesh that it works by', () => keeper.view.revision);
  one('wgcni_quarantined', 'records that could not be read', () => {
    return keeper.quarantined.length + attachments.quarantined.length;
  });
  metrics.gauge('wgcni_attachments', 'attachments by state', ['state'], () =>
    countedBy(attachments.list().map(({ state }) => state)),
  );
  metrics.gauge('wgcni_addresses', 'addresses of each subnet, taken and free', ['subnet', 'state'], () =>
    attachments.addressUse().flatMap(({ subnet, taken, free }): Reading[] => [
      { labels: { subnet, state: 'taken' }, value: taken },
      { labels: { subnet, state: 'free' }, value: Number(free) },
    ]),
  );
  metrics.gauge('wgcni_paths', 'ways to other nodes by what they carry: fits, too-small, unknown', ['state'], () =>
    countedBy(paths.paths.map((path) => verdictOf(path))),
  );
  metrics.counter('wgcni_denied_packets_total', 'packets that nothing allows, by who and where to', ['what'], () =>
    (policy.last?.denied ?? []).map(({ what, packets }) => ({ labels: { what }, value: packets })),
  );
  metrics.counter('wgcni_rule_packets_total', 'packets that a rule let pass', ['rule'], () =>
    (policy.last?.rules ?? []).map(({ name, packets }) => ({ labels: { rule: name }, value: packets })),
  );
  return metrics;
}

function countedBy(states: readonly string[]): Reading[] {
  const counts = new Map<string, number>();
  for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, value]) => ({ labels: { state }, value }));
}
