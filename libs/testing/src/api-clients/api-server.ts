/** A server of ours that others' programs are set on. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

export interface ApiServer {
  /** As in the name of its document in openapi/. */
  name: 'cluster-manager' | 'node-manager';
  /** Without a slash at its end. */
  url: string;
  close(): Promise<void>;
}

/** A port of loopback that nobody has at this instant, for a server that must be told one. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
