/** One HTTP request over the node-manager's unix socket. `node:http` alone: anything larger doubles the start of the plugin. */
import type { IncomingMessage } from 'node:http';
import { CatalogueError, fromProblem } from '@wgcni/base';
import { isObject } from '@wgcni/cni';

export interface RestRequest {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  path: string;
  body?: object;
}

export interface RestAnswer {
  /** 200 to 299. */
  status: number;
  /** Undefined when there is none or it is not JSON: whoever needs one checks its shape anyway. */
  body: unknown;
}

interface RawAnswer {
  status: number;
  text: string;
}

const maxAnswerBytes = 16 * 1024 * 1024;

/**
 * A 2xx answer. Rejects with CatalogueError: what a problem answer says, `node-manager.unreachable` when there is no answer
 * or one that means nothing, `request.denied` when the socket refuses us, `timed.out` when `signal` aborts first. However it ends, the connection is closed, which is how the other side learns of it.
 */
export async function ask(socket: string, what: RestRequest, signal: AbortSignal): Promise<RestAnswer> {
  const { status, text } = await exchange(socket, what, signal);
  const body = parseBody(text);
  if (status >= 200 && status < 300) return { status, body };
  if (status >= 400 && isProblem(body)) throw fromProblem(body, 'node-manager.unreachable');
  throw incomprehensible(socket, `status ${status} with ${text.length} bytes that mean nothing`);
}

/** Whether a request that failed so may have been carried out all the same: there was somebody, and no problem document came back. */
export function mayHaveArrived(error: unknown): boolean {
  if (!(error instanceof CatalogueError)) return true;
  if (error.code === 'timed.out') return true;
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code;
  return error.code === 'node-manager.unreachable' && code !== 'ENOENT' && code !== 'ECONNREFUSED';
}

/** The error for an answer that is not what the contract says. */
export function incomprehensible(socket: string, what: string): CatalogueError {
  return new CatalogueError('node-manager.unreachable', `what listens at ${socket} answered ${what}`, {
    field: 'socket',
    remedy: 'check that socket names the node-manager, of the same version as this plugin',
  });
}

function exchange(socket: string, what: RestRequest, signal: AbortSignal): Promise<RawAnswer> {
  // Loaded here and not at the top: about and VERSION need no socket, and loading it is a tenth of their time.
  const { request } = process.getBuiltinModule('node:http');
  return new Promise((resolve, reject) => {
    const payload = what.body === undefined ? undefined : JSON.stringify(what.body);
    const call = request({
      socketPath: socket,
      path: what.path,
      method: what.method,
      agent: false,
      signal,
      headers:
        payload === undefined
          ? { accept: 'application/json' }
          : {
              accept: 'application/json',
              'content-type': 'application/json',
              'content-length': Buffer.byteLength(payload),
            },
    });
    const fail = (cause: Error): void => reject(failureOf(socket, cause, signal));
    call.on('error', fail);
    call.once('response', (answer) => collect(answer).then(resolve, fail));
    call.end(payload);
  });
}

function collect(answer: IncomingMessage): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    answer.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxAnswerBytes) answer.destroy(new Error(`more than ${maxAnswerBytes} bytes`));
      else chunks.push(chunk);
    });
    answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
    answer.on('error', reject);
  });
}

function failureOf(socket: string, cause: Error, signal: AbortSignal): CatalogueError {
  if (signal.aborted) {
    return new CatalogueError('timed.out', `the node-manager at ${socket} did not answer in time`, {
      field: 'socket',
      remedy: 'look at the load and the log of the node-manager, then try again',
      cause,
    });
  }
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') {
    return new CatalogueError('request.denied', `permission to open ${socket} is denied`, {
      field: 'socket',
      remedy: 'run the plugin as the user that owns the socket, normally root',
      cause,
    });
  }
  return new CatalogueError(
    'node-manager.unreachable',
    `the node-manager at ${socket} is not there: ${cause.message}`,
    {
      field: 'socket',
      remedy: 'start the node-manager, or correct socket in the network configuration',
      cause,
    },
  );
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isProblem(body: unknown): boolean {
  if (!isObject(body)) return false;
  const { code, detail, remedy } = body;
  return typeof code === 'string' && typeof detail === 'string' && (remedy === undefined || typeof remedy === 'string');
}
