/** A node-manager for the plugin's tests: the plugin's part of the REST surface over a map, each request checked by its schema. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  AttachInputSchema,
  CheckInputSchema,
  CollectInputSchema,
  type AttachInput,
  type Attachment,
  type CollectInput,
  type NodeStatus,
} from '@wgcni/api';
import { CatalogueError, toCatalogueError, toProblem } from '@wgcni/base';
import { Value } from '@sinclair/typebox/value';

export interface SeenRequest {
  method: string;
  url: string;
  body: unknown;
}

type Override = (request: SeenRequest, response: ServerResponse) => boolean;

const readyStatus: NodeStatus = {
  nodeId: 'node-1',
  version: '0.0.0',
  readiness: 'ready',
  reason: null,
  networkId: null,
  subnets: ['10.64.3.0/24', 'fd64:0:0:3::/64'],
  publicKey: null,
  backend: 'memory',
  isRegistered: true,
  isViewStored: false,
  contactAgeSec: 1,
  meshRevision: 1,
  attachments: { total: 0, orphaned: 0, adopted: 0 },
  direct: { pairs: 0, due: 0, farPairs: 0, farDue: 0, published: 0, unpublished: 0 },
  addresses: [],
  quarantined: [],
  drift: [],
  contested: [],
  ...{ tunnels: [], tunnelsProblem: null, tunnelTurnSec: 0 },
  peers: [],
  clients: [],
  policy: null,
  queuedDeletions: 0,
  certificates: [],
  mtu: { network: 1_420, underlay: 1_500, problem: null, waiting: [] },
  paths: [],
  pathsProblem: null,
};

export class FakeNodeManager {
  readonly attachments = new Map<string, Attachment>();
  readonly seen: SeenRequest[] = [];
  status: NodeStatus = readyStatus;
  /** Answers in place of the fake when it returns true. */
  override: Override = () => false;
  /** Connections that the plugin closed before it was answered. */
  abandoned = 0;
  #server: Server | undefined;
  #nextHost = 2;

  async listen(socket: string): Promise<void> {
    const server = createServer((request, response) => void this.#serve(request, response));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(socket, resolve));
  }

  async close(): Promise<void> {
    const server = this.#server;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = { method: request.method ?? '', url: request.url ?? '', body: await bodyOf(request) };
    this.seen.push(seen);
    response.once('close', () => {
      if (!response.writableFinished) this.abandoned += 1;
    });
    if (this.override(seen, response)) return;
    try {
      const answer = this.#answer(seen);
      response.writeHead(answer === undefined ? 204 : 200, { 'content-type': 'application/json' });
      response.end(answer === undefined ? undefined : JSON.stringify(answer));
    } catch (error) {
      const problem = toProblem(toCatalogueError(error));
      response.writeHead(problem.status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
    }
  }

  #answer({ method, url, body }: SeenRequest): unknown {
    const path = url.split('?')[0] ?? '';
    if (method === 'GET' && path === '/v1/status') return this.status;
    const [kind, network = '', containerId = '', ifName = '', step] = path
      .replace('/v1/', '')
      .split('/')
      .map(decodeURIComponent);
    if (kind === 'networks' && method === 'POST') return this.#collect(network, checked(CollectInputSchema, body));
    const id = `${network}/${containerId}/${ifName}`;
    if (kind !== 'attachments') throw new CatalogueError('route.unknown', `${method} ${url} is unknown`);
    if (method === 'PUT') return this.#attach({ network, containerId, ifName }, checked(AttachInputSchema, body));
    if (method === 'DELETE') return void this.attachments.delete(id);
    const attachment = this.attachments.get(id);
    if (attachment === undefined) throw new CatalogueError('attachment.unknown', `${id} is not attached`);
    if (step === 'answered') return void this.attachments.set(id, { ...attachment, state: 'answered' });
    checked(CheckInputSchema, body);
    return undefined;
  }

  #attach(key: Pick<Attachment, 'network' | 'containerId' | 'ifName'>, input: AttachInput): Attachment {
    const id = `${key.network}/${key.containerId}/${key.ifName}`;
    if (this.attachments.get(id)?.state === 'answered') {
      throw new CatalogueError('interface.exists', `${id} exists`, { remedy: 'delete it first' });
    }
    const host = this.#nextHost++;
    const attachment: Attachment = {
      ...key,
      state: 'attached',
      netns: input.netns,
      addresses: [
        { address: `10.64.3.${host}/32`, gateway: '10.64.3.1' },
        { address: `fd64:0:0:3::${host.toString(16)}/128`, gateway: 'fd64:0:0:3::1' },
      ],
      mtu: 1420,
      publicKey: null,
      listenPort: 61_000 + host,
    };
    this.attachments.set(id, attachment);
    return attachment;
  }

  #collect(network: string, { valid, force }: CollectInput): unknown {
    const isValid = (one: Attachment): boolean =>
      valid.some(({ containerId, ifName }) => one.containerId === containerId && one.ifName === ifName);
    const doomed = [...this.attachments].filter(([, one]) => one.network === network && !isValid(one));
    const keys = doomed.map(([, { containerId, ifName }]) => ({ containerId, ifName }));
    if (force !== true) return { removed: [], kept: keys };
    for (const [id] of doomed) this.attachments.delete(id);
    return { removed: keys, kept: [] };
  }
}

type Checkable = Parameters<typeof Value.Check>[0];

function checked<T>(schema: Checkable & { static: T }, body: unknown): T {
  if (Value.Check(schema, body)) return body;
  throw new CatalogueError(
    'request.invalid',
    `the body ${JSON.stringify(body)} is not one of ${schema.$id ?? 'schema'}`,
  );
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
