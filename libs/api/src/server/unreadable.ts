/** The answer to what is no request, or not yet after too long: a problem document, written past the server, and the end of the connection. */
import { CatalogueError, type ErrorCode, toProblem } from '@wgcni/base';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** How long a client may take to read why it was refused, in milliseconds. */
const farewellMs = 500;

/** By the codes of Node's parser and server; anything else is no HTTP at all. */
const reasons: Readonly<Record<string, readonly [ErrorCode, message: string, remedy: string]>> = {
  HPE_HEADER_OVERFLOW: [
    'headers.too-large',
    'the headers of the request are too large',
    'send fewer or shorter headers',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [
    'request.too-slow',
    'the request did not arrive in time',
    'send the whole request at once',
  ],
};

/** For the `clientError` event of a server. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  socket.end(unreadable(error.code));
  setTimeout(() => socket.destroy(), farewellMs).unref();
}

function unreadable(code: string | undefined): string {
  const [name, message, remedy] = reasons[code ?? ''] ?? [
    'request.invalid',
    'this is no HTTP/1.1 request',
    'speak HTTP/1.1; see /openapi.json for what there is',
  ];
  const error = new CatalogueError(name, message, { field: 'request', remedy });
  const body = JSON.stringify(toProblem(error));
  const lines = [
    `HTTP/1.1 ${error.http} ${STATUS_CODES[error.http]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
