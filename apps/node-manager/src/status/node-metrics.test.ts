/** What a node tells Prometheus, over a kernel in memory. */
import type { NodePolicy } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeNode, inputFor, keyNamed, patient } from '../attachments/fake-node.ts';
import type { Judgement, Standing } from '../registration/standing.ts';
import { emptyView } from '../view/cluster-view.ts';
import { nodeMetrics } from './node-metrics.ts';

let node: FakeNode;
beforeEach(async () => {
  node = await FakeNode.make();
});
afterEach(() => node.close());

it('is where it stands with the cluster, and what it has given out', async () => {
  const attachments = await node.start();
  const board: { standing: Standing; isDraining: boolean } = { standing: { kind: 'registered' }, isDraining: false };
  let ageMs: number | undefined = 1_500;
  let judged: Judgement = { readiness: 'ready', refusal: undefined };
  const policy: NodePolicy = {
    isolation: 'isolated',
    rules: [{ name: 'web', packets: 3, bytes: 180 }],
    denied: [{ what: 'container-outside', packets: 7, bytes: 420 }],
  };
  const metrics = nodeMetrics(
    {
      policy: { last: policy },
      ...{ attachments, board, judgement: () => judged, contact: { ageMs: () => ageMs } },
      paths: { paths: [{ nodeId: 'n2', endpoint: '192.0.2.2:51820', carries: 1_400, needs: 1_480 }] },
      keeper: { view: { ...emptyView, revision: 42 }, quarantined: ['mesh/nodes/x'] },
    },
    '1.0.0',
  );
  await attachments.attach(keyNamed('c1'), inputFor(node.namespace('one')), patient(node));
  await attachments.attach(keyNamed('c2'), inputFor(node.namespace('two')), patient(node));
  await attachments.answered(keyNamed('c2'), {});
  expect((await metrics.text()).split('\n')).toEqual(
    expect.arrayContaining([
      ...['wgcni_registered 1', 'wgcni_ready 1', 'wgcni_contact_age_seconds 1.5', 'wgcni_mesh_revision 42'],
      ...['wgcni_denied_packets_total{what="container-outside"} 7', 'wgcni_rule_packets_total{rule="web"} 3'],
      ...['wgcni_quarantined 1', 'wgcni_attachments{state="attached"} 1', 'wgcni_attachments{state="answered"} 1'],
      'wgcni_paths{state="too-small"} 1',
      'wgcni_addresses{subnet="10.64.3.0/28",state="taken"} 2',
      'wgcni_addresses{subnet="10.64.3.0/28",state="free"} 11',
    ]),
  );
  board.standing = { kind: 'unreachable', why: 'nobody answers' };
  judged = { readiness: 'fenced', refusal: new CatalogueError('node.fenced', 'no contact for too long') };
  ageMs = undefined;
  const text = await metrics.text();
  expect(text.split('\n')).toEqual(expect.arrayContaining(['wgcni_registered 0', 'wgcni_ready 0']));
  expect(text).not.toMatch(/^wgcni_contact_age_seconds [0-9]/m);
});
