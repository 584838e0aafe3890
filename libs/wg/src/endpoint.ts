/** Endpoints: `address:port` of a peer's UDP socket, and which of several to dial. */
import { CatalogueError } from '@wgcni/base';
import { formatAddress, tryParseAddress, type Address, type Family } from '@wgcni/ipam';

export interface Endpoint {
  address: Address;
  port: number;
}

/** How long an endpoint may stay without a handshake before the next one is tried, in milliseconds (design §5). */
export const endpointPatienceMs = 15_000;

export interface EndpointTrial {
  /** The endpoint in use, if any. */
  current: string | undefined;
  /** Milliseconds since the later of its being set and the latest handshake. */
  withoutHandshakeMs: number;
}

/** An endpoint from `10.0.0.1:51820` or `[fd00::1]:51820`, or undefined; host names are none. */
export function tryParseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):([1-9][0-9]{0,4})$/.exec(text);
  const address = tryParseAddress(match?.[1] ?? match?.[2] ?? '');
  const port = Number(match?.[3]);
  if (address === undefined || port > 65_535) return undefined;
  return (address.family === 6) === (match?.[1] !== undefined) ? { address, port } : undefined;
}

/** An endpoint from its text. Throws CatalogueError `request.invalid` naming `field` and the text. */
export function parseEndpoint(text: string, field = 'endpoint'): Endpoint {
  const endpoint = tryParseEndpoint(text);
  if (endpoint !== undefined) return endpoint;
  throw new CatalogueError('request.invalid', `${field} "${text}" is not an address and UDP port`, {
    field,
    remedy: 'write it like 192.0.2.1:51820 or [2001:db8::1]:51820; host names are not resolved',
  });
}

/** What WireGuard is given must be an address: it would look a host name up, and try again for minutes. Throws as `parseEndpoint`. */
export function checkEndpoint(text: string): void {
  parseEndpoint(text);
}

/** Canonical text, IPv6 in brackets. */
export function formatEndpoint({ address, port }: Endpoint): string {
  const text = formatAddress(address);
  return address.family === 6 ? `[${text}]:${port}` : `${text}:${port}`;
}

/**
 * Which of a peer's published endpoints to dial: the first of a family that has a route; once the one in use went
 * `endpointPatienceMs` without a handshake, the one after it, round and round. Undefined when none can be reached.
 */
export function chooseEndpoint(
  published: readonly string[],
  routable: ReadonlySet<Family>,
  trial: EndpointTrial,
): string | undefined {
  const candidates = published.filter((text) => {
    const endpoint = tryParseEndpoint(text);
    return endpoint !== undefined && routable.has(endpoint.address.family);
  });
  const index = trial.current === undefined ? -1 : candidates.indexOf(trial.current);
  if (index < 0) return candidates[0];
  return trial.withoutHandshakeMs < endpointPatienceMs
    ? candidates[index]
    : candidates[(index + 1) % candidates.length];
}
