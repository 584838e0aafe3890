/** PURE: why a tunnel is broken, as far as it can be told from this node, and what a person does about it. */

export interface Symptoms {
  /** The register has its record no more, without saying why. */
  isUnaccounted: boolean;
  /** Where the peer is dialled. */
  endpoint: string | undefined;
  /** Whether the host has a way to a machine of that family. */
  hasRoute: boolean;
  /** Whether the endpoint's machine answers on the underlay. */
  isEndpointAlive: boolean;
  /** Undefined when there never was one. */
  handshakeAgeSec: number | undefined;
}

export interface TunnelCause {
  cause: string;
  remedy: string;
}

/** A session's keys are renewed every 120 s while packets are sent, and one that is older than 180 s carries none (WireGuard §6.1). */
const freshHandshakeSec = 180;

/** In words that stay the same while nothing else changes: what grows would make another report of each look. */
export function causeOf(symptoms: Symptoms): TunnelCause {
  const { isUnaccounted, endpoint, hasRoute, isEndpointAlive, handshakeAgeSec } = symptoms;
  if (isUnaccounted)
    return {
      cause: 'its record is gone from the register, and nobody says why',
      remedy: 'see `wgcni nodes`; when the node is gone for good, `wgcni forget` it',
    };
  if (endpoint === undefined)
    return {
      cause: 'it has published no endpoint, and does not dial this node',
      remedy: 'see its --endpoint and --underlay',
    };
  if (!hasRoute) return { cause: `no route to ${endpoint}`, remedy: 'see `ip route` of this host' };
  if (!isEndpointAlive)
    return {
      cause: `${endpoint} does not answer on the underlay either`,
      remedy: 'see whether that machine runs, and the network between; where pings are blocked there, allow UDP to it',
    };
  if (handshakeAgeSec === undefined || handshakeAgeSec > freshHandshakeSec)
    return {
      cause: `${endpoint} answers on the underlay, but there was no handshake ${handshakeAgeSec === undefined ? 'ever' : `for ${freshHandshakeSec} s or more`}`,
      remedy: 'see whether a firewall drops UDP to that port, either way, and whether its node-manager runs',
    };
  return {
    cause: `${endpoint} answers on the underlay and there was a handshake in the last ${freshHandshakeSec} s, but no packet passes`,
    remedy: 'see whether a firewall drops UDP to that port since then, and the status of that node',
  };
}
