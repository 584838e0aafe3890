/** Typed client of the cluster-managers: any replica answers, so a replica that does not is passed over. */
import { backoffMs, CatalogueError, fromProblem, messageOf, type Secret, systemClock, systemRandom } from '@wgcni/base';
import type { CredentialSource } from '@wgcni/pki';
import { request } from 'undici';
import { Dialer } from '../dialer.ts';
import { type EventPage, type EventQuery, eventsPath } from '../events.ts';
import type { Page } from '../page.ts';
import type { Certificate, CertificateInput } from './certificates.ts';
import type { Client, ClientInput, EndpointFamily } from './clients.ts';
import type { Network, NetworkInput, NetworkPatch, PoolUse } from './network.ts';
import type {
  Node,
  PeerView,
  Registration,
  RegisterInput,
  Containers,
  ContainersInput,
  ReleaseInput,
  Renewal,
  RenewInput,
  Subnet,
} from './nodes.ts';
import type { Rule, RuleInput } from './options.ts';
import type { Overview } from './overview.ts';
import type { Leader, Replica } from './replicas.ts';
import type { Report, ReportInput, ReportSummary } from './reports.ts';
import type { Route } from './routes.ts';
import type { Token, TokenInput } from './tokens.ts';

export interface ManagerClientOptions {
  /** Base URLs of the replicas; the one that answered last is asked first. */
  urls: readonly string[];
  /** How long one call may take over all its tries, in milliseconds (default 15,000). */
  deadlineMs?: number;
  /** TLS: who we are; renewed ones are used for the next call. Without, URLs are plain HTTP. */
  credentials?: CredentialSource | undefined;
}

/**
 * Every operation is safe to repeat, so a call goes on to the next replica when one does not answer or says it cannot now (503, 504), with
 * jittered delays of at most half a second, until its deadline. When one does not know us (401), each other is asked once: its authorities or its clock may
 * be behind or ahead of theirs. Then, or on any other refusal, it throws the CatalogueError that the answer names, or `leader.absent` when nobody answered at all.
 * A refusal after a try that may have been made has that one's failure as its cause (`refusedAfter`).
 */
export interface ManagerClient {
  network(signal?: AbortSignal): Promise<Network>;
  putNetwork(input: NetworkInput, signal?: AbortSignal): Promise<Network>;
  /** Changes options; what is not said stays as it is. */
  setNetwork(patch: NetworkPatch, signal?: AbortSignal): Promise<Network>;
  rules(signal?: AbortSignal): Promise<Page<Rule>>;
  putRule(name: string, input: RuleInput, signal?: AbortSignal): Promise<Rule>;
  deleteRule(name: string, signal?: AbortSignal): Promise<void>;
  pools(signal?: AbortSignal): Promise<Page<PoolUse>>;
  /** Grows the network by a pool; `pool` in canonical CIDR text. */
  putPool(pool: string, prefixLength: number, signal?: AbortSignal): Promise<Network>;
  register(nodeId: string, input: RegisterInput, signal?: AbortSignal): Promise<Registration>;
  renew(nodeId: string, input: RenewInput, signal?: AbortSignal): Promise<Renewal>;
  release(nodeId: string, input: ReleaseInput, signal?: AbortSignal): Promise<void>;
  /** Says which containers of the node others may have as direct peers, in place of all that was said before. */
  putContainers(nodeId: string, input: ContainersInput, signal?: AbortSignal): Promise<Containers>;
  /** What a node tells of itself, kept by the replica that takes it. */
  putReport(nodeId: string, input: ReportInput, signal?: AbortSignal): Promise<void>;
  report(nodeId: string, signal?: AbortSignal): Promise<Report>;
  reports(signal?: AbortSignal): Promise<Page<ReportSummary>>;
  /** The cluster at a glance. */
  overview(signal?: AbortSignal): Promise<Overview>;
  nodes(signal?: AbortSignal): Promise<Page<Node>>;
  node(nodeId: string, signal?: AbortSignal): Promise<Node>;
  peers(nodeId: string, signal?: AbortSignal): Promise<Page<PeerView>>;
  subnets(signal?: AbortSignal): Promise<Page<Subnet>>;
  routes(signal?: AbortSignal): Promise<Page<Route>>;
  /** Lets a route of a node in; `route` in CIDR text. */
  approveRoute(nodeId: string, route: string, signal?: AbortSignal): Promise<Route>;
  withdrawRoute(nodeId: string, route: string, signal?: AbortSignal): Promise<void>;
  drain(nodeId: string, signal?: AbortSignal): Promise<Node>;
  undrain(nodeId: string, signal?: AbortSignal): Promise<Node>;
  deleteNode(nodeId: string, options?: { force?: boolean }, signal?: AbortSignal): Promise<void>;
  forget(nodeId: string, signal?: AbortSignal): Promise<void>;
  /** Takes the certificates of a deleted node again. */
  admit(nodeId: string, signal?: AbortSignal): Promise<void>;
  clients(signal?: AbortSignal): Promise<Page<Client>>;
  putClient(name: string, input: ClientInput, signal?: AbortSignal): Promise<Client>;
  /** With `publicKey` only the client of that key. */
  deleteClient(name: string, options?: { publicKey?: string | undefined }, signal?: AbortSignal): Promise<void>;
  /** A file for wg-quick that lacks the private key; undefined when it is still as the tag `known` says. */
  clientConfig(name: string, options?: ClientConfigOptions, signal?: AbortSignal): Promise<TaggedText | undefined>;
  tokens(signal?: AbortSignal): Promise<Page<Token>>;
  putToken(tokenId: string, input: TokenInput, signal?: AbortSignal): Promise<Token>;
  deleteToken(tokenId: string, signal?: AbortSignal): Promise<void>;
  /** Joins by a token; `bearer` is the whole header. */
  join(nodeId: string, input: CertificateInput, bearer: Secret, signal?: AbortSignal): Promise<Certificate>;
  renewCertificate(nodeId: string, input: CertificateInput, signal?: AbortSignal): Promise<Certificate>;
  leader(signal?: AbortSignal): Promise<Leader>;
  replicas(signal?: AbortSignal): Promise<Page<Replica>>;
  /** What happened lately, as one replica knows it; with `wait` not before there is something, or the time is over. */
  events(query?: EventQuery, signal?: AbortSignal): Promise<EventPage>;
  /** Replicas in place of those that were named; a call that is being made goes on to one of them. */
  useUrls(urls: readonly string[]): void;
  close(): Promise<void>;
}

export interface ClientConfigOptions {
  /** Which endpoint of a node it names, of a node that has both. */
  family?: EndpointFamily | undefined;
  /** Tag of the text that is known. */
  known?: string | undefined;
}

export interface TaggedText {
  text: string;
  /** By which it is asked for again. */
  etag: string;
}

type Method = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';

interface Call {
  method: Method;
  path: string;
  body?: unknown;
  signal: AbortSignal | undefined;
  /** Until the head of an answer, where it takes longer than usual. */
  timeoutMs?: number;
  /** The header `authorization`. */
  bearer?: Secret;
  /** What is asked for is a text, unless it is still as this tag says: the answer is the text and its tag, or undefined. */
  text?: { known: string | undefined };
}

/** Most items of one page; lists are read page by page and joined. */
const pageLimit = 10_000;
/** One try of one replica; forwarding to a leader that died must not take the whole deadline. */
const tryTimeoutMs = 4_000;
/** Short, since a leader that died is replaced within seconds and its bound is counted to the first write after that. */
const betweenTries = { firstMs: 50, maxMs: 250 };

/** A client that dials on its first call. */
export function createManagerClient(options: ManagerClientOptions): ManagerClient {
  const dialer = new Dialer({ connectTimeoutMs: 1_000, answerTimeoutMs: tryTimeoutMs }, options.credentials);
  const replicas = [...options.urls];
  const call = (made: Call): Promise<unknown> => callAnyReplica(dialer, replicas, made, options.deadlineMs ?? 15_000);
  const get = async <T>(path: string, signal?: AbortSignal): Promise<T> =>
    (await call({ method: 'GET', path, signal })) as T;
  const list = <T>(path: string, signal?: AbortSignal): Promise<Page<T>> =>
    readPages((after) =>
      get<Page<T>>(`${path}?${new URLSearchParams({ limit: String(pageLimit), ...after }).toString()}`, signal),
    );
  const send = async <T>(method: Method, path: string, signal?: AbortSignal, body?: unknown): Promise<T> =>
    (await call({ method, path, signal, ...(body === undefined ? {} : { body }) })) as T;
  const node = (nodeId: string, rest = ''): string => `/v1/nodes/${encodeURIComponent(nodeId)}${rest}`;
  const client = (name: string): string => `/v1/clients/${encodeURIComponent(name)}`;
  return {
    network: (signal) => get('/v1/network', signal),
    putNetwork: (input, signal) => send('PUT', '/v1/network', signal, input),
    setNetwork: (patch, signal) => send('PATCH', '/v1/network', signal, patch),
    rules: (signal) => list('/v1/rules', signal),
    putRule: (name, input, signal) => send('PUT', `/v1/rules/${encodeURIComponent(name)}`, signal, input),
    deleteRule: (name, signal) => send('DELETE', `/v1/rules/${encodeURIComponent(name)}`, signal),
    pools: (signal) => list('/v1/pools', signal),
    putPool: (pool, prefixLength, signal) =>
      send('PUT', `/v1/pools/${pool.replace('/', '-')}`, signal, { prefixLength }),
    register: (nodeId, input, signal) => send('PUT', node(nodeId), signal, input),
    renew: (nodeId, input, signal) => send('POST', node(nodeId, '/renewal'), signal, input),
    release: (nodeId, input, signal) => send('POST', node(nodeId, '/release'), signal, input),
    putContainers: (nodeId, input, signal) => send('PUT', node(nodeId, '/containers'), signal, input),
    putReport: (nodeId, input, signal) => send('PUT', node(nodeId, '/report'), signal, input),
    report: (nodeId, signal) => get(node(nodeId, '/report'), signal),
    reports: (signal) => list('/v1/reports', signal),
    overview: (signal) => get('/v1/overview', signal),
    nodes: (signal) => list('/v1/nodes', signal),
    node: (nodeId, signal) => get(node(nodeId), signal),
    peers: (nodeId, signal) => list(node(nodeId, '/peers'), signal),
    subnets: (signal) => list('/v1/subnets', signal),
    routes: (signal) => list('/v1/routes', signal),
    approveRoute: (nodeId, route, signal) => send('PUT', node(nodeId, routePath(route)), signal),
    withdrawRoute: (nodeId, route, signal) => send('DELETE', node(nodeId, routePath(route)), signal),
    drain: (nodeId, signal) => send('PUT', node(nodeId, '/drain'), signal),
    undrain: (nodeId, signal) => send('DELETE', node(nodeId, '/drain'), signal),
    deleteNode: (nodeId, { force = false } = {}, signal) =>
      send('DELETE', node(nodeId, force ? '?force=true' : ''), signal),
    forget: (nodeId, signal) => send('POST', node(nodeId, '/forget'), signal),
    admit: (nodeId, signal) => send('POST', node(nodeId, '/admit'), signal),
    clients: (signal) => list('/v1/clients', signal),
    putClient: (name, input, signal) => send('PUT', client(name), signal, input),
    deleteClient: (name, { publicKey } = {}, signal) =>
      send(
        'DELETE',
        `${client(name)}${publicKey === undefined ? '' : `?${new URLSearchParams({ publicKey }).toString()}`}`,
        signal,
      ),
    clientConfig: async (name, { family, known } = {}, signal) => {
      const path = `${client(name)}/config${family === undefined ? '' : `?family=${family}`}`;
      return (await call({ method: 'GET', path, signal, text: { known } })) as TaggedText | undefined;
    },
    tokens: (signal) => list('/v1/tokens', signal),
    putToken: (tokenId, input, signal) => send('PUT', `/v1/tokens/${encodeURIComponent(tokenId)}`, signal, input),
    deleteToken: (tokenId, signal) => send('DELETE', `/v1/tokens/${encodeURIComponent(tokenId)}`, signal),
    join: async (nodeId, body, bearer, signal) =>
      (await call({ method: 'POST', path: node(nodeId, '/join'), signal, body, bearer })) as Certificate,
    renewCertificate: (nodeId, input, signal) => send('POST', node(nodeId, '/certificate'), signal, input),
    leader: (signal) => get('/v1/leader', signal),
    replicas: (signal) => list('/v1/replicas', signal),
    events: async (query = {}, signal) => {
      const timeoutMs = tryTimeoutMs + (query.wait ?? 0) * 1_000;
      return (await call({ method: 'GET', path: eventsPath(query), signal, timeoutMs })) as EventPage;
    },
    useUrls: (urls) => void replicas.splice(0, replicas.length, ...urls),
    close: () => dialer.close(),
  };
}

function routePath(route: string): string {
  return `/routes/${encodeURIComponent(route.replace('/', '-'))}`;
}

async function readPages<T>(read: (after: { after?: string }) => Promise<Page<T>>): Promise<Page<T>> {
  let page = await read({});
  const items = page.items;
  while (page.next !== null) {
    page = await read({ after: page.next });
    items.push(...page.items);
  }
  return { ...page, items };
}

/** `replicas` is reordered: one that failed goes to the end, so that the next call starts with one that works. */
async function callAnyReplica(dialer: Dialer, replicas: string[], call: Call, deadlineMs: number): Promise<unknown> {
  const until = systemClock.monotonicMs() + deadlineMs;
  let unknown: CatalogueError | undefined;
  /** Of a try that may have been made. */
  let doubt: CatalogueError | undefined;
  for (let attempt = 0; ; attempt += 1) {
    const url = replicas[0];
    if (url === undefined) throw new CatalogueError('config.invalid', 'no cluster-manager is named');
    try {
      return await callReplica(dialer, url, call);
    } catch (thrown) {
      call.signal?.throwIfAborted();
      if (!(thrown instanceof CatalogueError)) throw thrown;
      if (!mayPassOver(thrown)) throw refusedAfter(thrown, doubt);
      if (thrown.code === 'identity.missing') unknown = thrown;
      else doubt = thrown;
      if (replicas[0] === url) replicas.push(...replicas.splice(0, 1));
      if (unknown !== undefined && attempt + 1 >= replicas.length) throw refusedAfter(unknown, doubt);
      // Every replica is asked once before anyone waits.
      const waitMs =
        attempt + 1 < replicas.length ? 0 : backoffMs(attempt + 1 - replicas.length, betweenTries, systemRandom);
      if (systemClock.monotonicMs() + waitMs >= until) throw thrown;
      await systemClock.sleep(waitMs, call.signal);
    }
  }
}

/** The refusal of a repeat: what was asked for may stand all the same, by the try before, which failed with `earlier`; undefined for none. */
export function refusedAfter(refusal: CatalogueError, earlier: unknown): CatalogueError {
  if (earlier === undefined) return refusal;
  const { code, message, field, remedy } = refusal;
  return new CatalogueError(code, message, {
    ...(field === undefined ? {} : { field }),
    ...(remedy === undefined ? {} : { remedy }),
    cause: earlier,
  });
}

function mayPassOver(error: CatalogueError): boolean {
  if (error.code === 'identity.missing') return true;
  return (
    (error.http === 503 || error.http === 504) && error.code !== 'network.absent' && error.code !== 'cluster.recovering'
  );
}

async function callReplica(
  dialer: Dialer,
  url: string,
  { method, path, body, signal, bearer, text, timeoutMs }: Call,
): Promise<unknown> {
  const answer = await request(new URL(path, url), {
    method,
    dispatcher: dialer.agent,
    headers: {
      accept: text === undefined ? 'application/json' : 'text/plain',
      ...(text?.known === undefined ? {} : { 'if-none-match': text.known }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(bearer === undefined ? {} : { authorization: bearer.reveal() }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(timeoutMs === undefined ? {} : { headersTimeout: timeoutMs }),
    ...(signal === undefined ? {} : { signal }),
  })
    .then(async ({ statusCode, headers, body: answered }) => {
      return { status: statusCode, text: await answered.text(), etag: String(headers['etag'] ?? '') };
    })
    .catch((cause: unknown) => {
      throw new CatalogueError('leader.absent', `the cluster-manager at ${url} did not answer: ${messageOf(cause)}`, {
        remedy: 'see that a cluster-manager runs there',
        cause,
      });
    });
  if (text !== undefined && answer.status === 304) return undefined;
  if (text !== undefined && answer.status === 200) return { text: answer.text, etag: answer.etag };
  const parsed = parse(answer.text);
  if (answer.status >= 200 && answer.status < 300) return parsed;
  // A replica that closes says 503 and nothing of ours; it has done nothing, and another one may.
  throw fromProblem(parsed, answer.status === 503 ? 'leader.absent' : 'internal.failed');
}

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // Not a document of ours: an error answer becomes `internal.failed`.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
