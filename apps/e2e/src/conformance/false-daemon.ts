/** What may listen where the daemon should: one that answers rubbish, one that closes half-way, one that loses the true answer. */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { randomUUID } from 'node:crypto';

export type Manner = (request: IncomingMessage, response: ServerResponse) => void;

export const rubbish: Manner = (_, response) => void response.end('{"addresses": [{"address": "half of');

export const closesHalfWay: Manner = (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"addresses": [', () => response.destroy());
};

/** Passes each request on to the true daemon and closes the connection once that has answered. */
export const losesAnswers =
  (socketPath: string): Manner =>
  (incoming, response) => {
    const { method, url, headers } = incoming;
    const onward = request({ socketPath, path: url, method, headers }, (answer) => {
      answer.resume().once('end', () => response.destroy());
    });
    onward.once('error', () => response.destroy());
    incoming.pipe(onward);
  };

/** Runs `work` with the path of a socket behind which that manner answers. */
export async function withFalseDaemon<T>(manner: Manner, work: (socket: string) => Promise<T>): Promise<T> {
  const socket = join(tmpdir(), `wgcni-false-${randomUUID()}.sock`);
  const server = createServer(manner);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  try {
    return await work(socket);
  } finally {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await rm(socket, { force: true });
  }
}
