/** Host names by the system's own rules (hosts file, name service), as the clients of the control plane resolve them. */
import { lookup } from 'node:dns/promises';
import type { ResolveHost } from './control-plane-keeper.ts';

export const systemResolver: ResolveHost = async (host) => {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
};
