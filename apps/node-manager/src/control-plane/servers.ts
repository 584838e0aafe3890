/** PURE: the control plane as a packet filter knows it, from the URLs of --etcd and --manager and what their names stand for. */
import { type Address, tryParseAddress } from '@wgcni/ipam';

/** A host name of a URL, and the addresses that it stood for when it was last resolved. */
export type ResolvedNames = ReadonlyMap<string, readonly string[]>;

export interface ControlPlane {
  /** Every TCP port of it, whatever is known of its addresses. */
  ports: readonly number[];
  endpoints: readonly { address: Address; port: number }[];
}

/** What the URLs lead to; a name that is not in `names` adds its port alone. */
export function controlPlaneOf(urls: readonly string[], names: ResolvedNames): ControlPlane {
  const servers = urls.map(serverOf);
  const endpoints = servers.flatMap(({ host, port }) =>
    [host, ...(names.get(host) ?? [])].flatMap((text) => {
      const address = tryParseAddress(text);
      return address === undefined ? [] : [{ address, port }];
    }),
  );
  const seen = new Map(endpoints.map((one) => [`${one.address.family} ${one.address.value} ${one.port}`, one]));
  const inOrder = [...seen].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, endpoint]) => endpoint);
  return { ports: [...new Set(servers.map(({ port }) => port))].sort((one, other) => one - other), endpoints: inOrder };
}

/** The host names in the URLs, each once; addresses are none. */
export function hostNamesIn(urls: readonly string[]): string[] {
  return [...new Set(urls.map((url) => serverOf(url).host))].filter((host) => tryParseAddress(host) === undefined);
}

function serverOf(text: string): { host: string; port: number } {
  const { hostname, port, protocol } = new URL(text);
  const usual = protocol === 'https:' ? 443 : 80;
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? usual : Number(port) };
}
