/** Typed client of the node-manager, over its unix socket or TCP. */
import { CatalogueError, fromProblem, messageOf } from '@wgcni/base';
import { type Credentials, nodeClientOptions } from '@wgcni/pki';
import { Client } from 'undici';
import { type EventPage, type EventQuery, eventsPath } from '../events.ts';
import type { Page } from '../page.ts';
import type { Attachment, AttachmentKey } from './attachments.ts';
import type { NodeStatus } from './status.ts';

/** How long one call may take, in milliseconds. */
const callTimeoutMs = 10_000;

export type NodeClientOptions =
  | { socketPath: string }
  | {
      url: string;
      /** TLS: who we are. Without, the URL is plain HTTP. */
      credentials?: Credentials | undefined;
      /** Who must be there; any node of the cluster when it is not said. */
      nodeId?: string | undefined;
    };

/** Every method throws CatalogueError: what the answer's problem document says, or `node-manager.unreachable`. */
export interface NodeClient {
  status(signal?: AbortSignal): Promise<NodeStatus>;
  /** One page of attachments; without `limit` the server's default. */
  attachments(page?: { limit?: number; after?: string }, signal?: AbortSignal): Promise<Page<Attachment>>;
  attachment(key: AttachmentKey, signal?: AbortSignal): Promise<Attachment>;
  /** What happened lately; with `wait` not before there is something, or the time is over. */
  events(query?: EventQuery, signal?: AbortSignal): Promise<EventPage>;
  close(): Promise<void>;
}

/** A client that dials on its first call. Throws CatalogueError `config.invalid` for a URL that is none. */
export function createNodeClient(options: NodeClientOptions): NodeClient {
  const { client, where } = dial(options);
  const get = async <T>(path: string, signal?: AbortSignal): Promise<T> =>
    (await ask(client, { path, where, ...(signal === undefined ? {} : { signal }) })) as T;
  return {
    status: (signal) => get('/v1/status', signal),
    attachments: (page = {}, signal) => get(`/v1/attachments${queryOf(page)}`, signal),
    attachment: ({ network, containerId, ifName }, signal) =>
      get(`/v1/attachments/${[network, containerId, ifName].map(encodeURIComponent).join('/')}`, signal),
    events: async (query = {}, signal) => {
      const timeoutMs = callTimeoutMs + (query.wait ?? 0) * 1_000;
      const call = { path: eventsPath(query), where, timeoutMs, ...(signal === undefined ? {} : { signal }) };
      return (await ask(client, call)) as EventPage;
    },
    close: () => client.destroy(),
  };
}

function dial(options: NodeClientOptions): { client: Client; where: string } {
  const limits = { headersTimeout: callTimeoutMs, bodyTimeout: callTimeoutMs, connectTimeout: callTimeoutMs };
  if ('socketPath' in options) {
    const { socketPath } = options;
    return { client: new Client('http://localhost', { ...limits, socketPath }), where: socketPath };
  }
  if (!URL.canParse(options.url)) {
    throw new CatalogueError('config.invalid', `"${options.url}" is not a URL`, {
      field: 'url',
      remedy: 'write it like http://127.0.0.1:7070',
    });
  }
  const { url, credentials, nodeId } = options;
  const connect =
    credentials === undefined ? {} : { connect: { ...nodeClientOptions(credentials, nodeId), maxCachedSessions: 0 } };
  return { client: new Client(new URL(url).origin, { ...limits, ...connect }), where: url };
}

function queryOf(page: { limit?: number; after?: string }): string {
  const pairs = Object.entries(page).map(([name, value]): [string, string] => [name, String(value)]);
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`;
}

interface Call {
  path: string;
  where: string;
  /** Until the head of the answer. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

async function ask(client: Client, { path, where, timeoutMs, signal }: Call): Promise<unknown> {
  const answer = await client
    .request({
      method: 'GET',
      path,
      headers: { accept: 'application/json' },
      ...(timeoutMs === undefined ? {} : { headersTimeout: timeoutMs }),
      ...(signal === undefined ? {} : { signal }),
    })
    .then(async ({ statusCode, body }) => ({ statusCode, text: await body.text() }))
    .catch((cause: unknown) => {
      throw unreachable(where, cause);
    });
  const body = parse(answer.text);
  if (answer.statusCode >= 200 && answer.statusCode < 300 && body !== undefined) return body;
  throw fromProblem(body, 'internal.failed');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // Not a document of ours: the caller turns that into an error of its own.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function unreachable(where: string, cause: unknown): CatalogueError {
  return new CatalogueError(
    'node-manager.unreachable',
    `the node-manager did not answer at ${where}: ${messageOf(cause)}`,
    {
      remedy: 'see that the node-manager runs and that its socket or --listen is the one named here',
      cause,
    },
  );
}
