/** Asks the underlay and the host why tunnels are broken. */
import { CatalogueError, messageOf } from '@wgcni/base';
import { formatAddress } from '@wgcni/ipam';
import type { IpRoute } from '@wgcni/iproute';
import { tryParseEndpoint } from '@wgcni/wg';
import type { PathProbe } from '../paths/path-probe.ts';
import { routableFamilies } from '../registration/endpoints.ts';
import { causeOf, type Symptoms, type TunnelCause } from './tunnel-cause.ts';

export interface ExplainDeps {
  /** Asks on the underlay. */
  pathProbe: PathProbe;
  iproute: Pick<IpRoute, 'observe'>;
}

export type Broken = Pick<Symptoms, 'isUnaccounted' | 'endpoint' | 'handshakeAgeSec'> & { nodeId: string };

/** The data of a small echo on the underlay. */
const smallPayload = 56;

/** Why each is broken, by its node. Throws what the ports throw. */
export async function explainTunnels(
  { pathProbe, iproute }: ExplainDeps,
  broken: readonly Broken[],
): Promise<Map<string, TunnelCause>> {
  if (broken.length === 0) return new Map();
  const places = new Map(broken.map(({ nodeId, endpoint }) => [nodeId, tryParseEndpoint(endpoint ?? '')?.address]));
  const addresses = [...places.values()].flatMap((address) => (address === undefined ? [] : formatAddress(address)));
  const [alive, families] = await Promise.all([
    pathProbe.answering([...new Set(addresses)], smallPayload),
    iproute.observe(undefined).then(routableFamilies),
  ]);
  return new Map(
    broken.map(({ nodeId, ...symptoms }) => {
      const place = places.get(nodeId);
      const hasRoute = place !== undefined && families.has(place.family);
      const isEndpointAlive = place !== undefined && alive.has(formatAddress(place));
      return [nodeId, causeOf({ ...symptoms, hasRoute, isEndpointAlive })];
    }),
  );
}

/** What is said of a tunnel of which the cause could not be looked for. */
export function unexplained(error: unknown): TunnelCause {
  const remedy = error instanceof CatalogueError ? error.remedy : undefined;
  const why = messageOf(error);
  return {
    cause: `the cause could not be looked for: ${why}`,
    remedy: remedy ?? 'see `ip route` and `fping` of this host',
  };
}
