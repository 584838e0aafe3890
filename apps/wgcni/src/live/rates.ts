/** PURE: who sends and receives how much, between two looks at a node. */
import type { NodeStatus } from '@wgcni/api';
import { bytes, table } from '../table.ts';

export interface Rate {
  kind: 'node' | 'client';
  name: string;
  /** Bytes a second, as this node receives and sends them. */
  received: number;
  sent: number;
}

/** The busiest first. A counter that fell began anew in between: its peer is left out, once. */
export function ratesBetween(before: NodeStatus, after: NodeStatus, elapsedSec: number): Rate[] {
  const then = new Map([...before.peers, ...before.clients].map((one) => [one.publicKey, one]));
  const all = [
    ...after.peers.map((peer) => ({ kind: 'node' as const, name: peer.nodeId ?? peer.publicKey, now: peer })),
    ...after.clients.map((client) => ({ kind: 'client' as const, name: client.name, now: client })),
  ];
  return all
    .flatMap(({ kind, name, now }): Rate[] => {
      const was = then.get(now.publicKey);
      const received = now.receivedBytes - (was?.receivedBytes ?? Number.NaN);
      const sent = now.sentBytes - (was?.sentBytes ?? Number.NaN);
      if (!(received >= 0 && sent >= 0)) return [];
      return [{ kind, name, received: received / elapsedSec, sent: sent / elapsedSec }];
    })
    .sort((a, b) => b.received + b.sent - (a.received + a.sent) || (a.name < b.name ? -1 : 1));
}

export function showRates(rates: readonly Rate[]): string {
  const rows = rates.map(({ kind, name, received, sent }) => [
    name,
    kind,
    `${bytes(Math.round(received))}/s`,
    `${bytes(Math.round(sent))}/s`,
  ]);
  return table(['peer', '', 'received', 'sent'], rows);
}
