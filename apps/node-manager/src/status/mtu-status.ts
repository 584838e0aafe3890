/** PURE: the network's MTU against what this node's underlay carries. */
import type { NodeStatus } from '@wgcni/api';
import { tunnelOverhead } from '@wgcni/wg';

/** Room for WireGuard over either family, as the cluster-managers ask for it at registration. */
const overhead = tunnelOverhead[6];

/** `mtu` and `underlay` in bytes; null where they are not known. */
export function mtuStatus(
  mtu: number | null,
  underlay: number | null,
  waiting: NodeStatus['mtu']['waiting'],
): NodeStatus['mtu'] {
  return { network: mtu, underlay, problem: problemOf(mtu, underlay), waiting };
}

function problemOf(mtu: number | null, underlay: number | null): string | null {
  if (mtu === null || underlay === null || mtu + overhead <= underlay) return null;
  const fitting = underlay - overhead;
  return (
    `the underlay carries ${underlay} bytes, the network's MTU ${mtu} needs ${mtu + overhead}: ` +
    `raise the underlay's MTU, or set the network's to ${fitting} (wgcni network set --mtu ${fitting})`
  );
}
