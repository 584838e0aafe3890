/** The node-manager as the plugin sees it: one method for each thing it is asked. Answers are checked, not believed. */
import type { AttachInput, Attachment, CheckInput, Collected, CollectInput, NodeStatus } from '@wgcni/api';
import { isObject } from '@wgcni/cni';
import type { StartedAt } from './boot.ts';
import { ask, incomprehensible, type RestAnswer, type RestRequest } from './rest.ts';

/** Where an attachment is found on the REST surface. */
export interface AttachmentKey {
  network: string;
  containerId: string;
  ifName: string;
}

export interface DetachHints {
  /** Where the container is; helps only when its record was lost. */
  netns?: string | undefined;
  /** When the deletion began: what was attached later stays. */
  began?: StartedAt | undefined;
  /** The ADD that is undone: what another one attached stays. */
  attempt?: string | undefined;
}

export class NodeManager {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /**
   * Attaches; whoever gives up closes the connection by `signal`, and the node-manager rolls back. The answer is for `readAttachment`.
   * When that fails, or this with `mayHaveArrived`, something may be attached.
   */
  attach(key: AttachmentKey, input: AttachInput, signal: AbortSignal): Promise<RestAnswer> {
    return ask(this.#socket, { method: 'PUT', path: pathOf(key), body: input }, signal);
  }

  /** The answer of `attach` as an attachment. Throws CatalogueError `node-manager.unreachable` for anything else. */
  readAttachment({ body }: RestAnswer): Pick<Attachment, 'addresses' | 'mtu' | 'mac' | 'routeMetric'> {
    if (isAttachment(body)) return body;
    throw incomprehensible(this.#socket, 'something that is not an attachment');
  }

  /** The runtime has the result of the ADD that is called `attempt`. */
  async answered(key: AttachmentKey, attempt: string, signal: AbortSignal): Promise<void> {
    await this.#order({ method: 'POST', path: `${pathOf(key)}/answered?attempt=${attempt}` }, signal);
  }

  async check(key: AttachmentKey, input: CheckInput, signal: AbortSignal): Promise<void> {
    await this.#order({ method: 'POST', path: `${pathOf(key)}/check`, body: input }, signal);
  }

  /** Deletes, whether it is there or not. */
  async detach(key: AttachmentKey, signal: AbortSignal, hints: DetachHints = {}): Promise<void> {
    await this.#order({ method: 'DELETE', path: `${pathOf(key)}${queryOf(hints)}` }, signal);
  }

  async collect(network: string, input: CollectInput, signal: AbortSignal): Promise<Collected> {
    const path = `/v1/networks/${encodeURIComponent(network)}/gc`;
    const { body } = await ask(this.#socket, { method: 'POST', path, body: input }, signal);
    if (isCollected(body)) return body;
    throw incomprehensible(this.#socket, 'something that is not a list of what was collected');
  }

  async status(signal: AbortSignal): Promise<NodeStatus> {
    const { body } = await ask(this.#socket, { method: 'GET', path: '/v1/status' }, signal);
    if (isStatus(body)) return body;
    throw incomprehensible(this.#socket, 'something that is not a status');
  }

  /** A request that is answered by nothing: done. */
  async #order(request: RestRequest, signal: AbortSignal): Promise<void> {
    const { status } = await ask(this.#socket, request, signal);
    if (status !== 204) throw incomprehensible(this.#socket, `status ${status} where 204 means done`);
  }
}

function pathOf({ network, containerId, ifName }: AttachmentKey): string {
  return `/v1/attachments/${[network, containerId, ifName].map(encodeURIComponent).join('/')}`;
}

/** A DEL must succeed whatever CNI_NETNS holds, so a value that can be no path is not passed on. */
function queryOf({ netns, began, attempt }: DetachHints): string {
  const query = [
    ...(netns?.startsWith('/') && netns.length <= 4096 ? [`netns=${encodeURIComponent(netns)}`] : []),
    ...(began === undefined ? [] : instantOf(began)),
    ...(attempt === undefined ? [] : [`attempt=${attempt}`]),
  ];
  return query.length === 0 ? '' : `?${query.join('&')}`;
}

/** The wall clock alone can be set back in between; the monotonic clock of a boot cannot. */
function instantOf({ wall, bootId, uptimeMs }: StartedAt): string[] {
  return [`queuedAt=${encodeURIComponent(wall)}`, `bootId=${encodeURIComponent(bootId)}`, `uptimeMs=${uptimeMs}`];
}

function isAttachment(body: unknown): body is Attachment {
  if (!isObject(body) || !Number.isInteger(body.mtu) || !Array.isArray(body.addresses)) return false;
  const isAddress = (item: unknown): boolean =>
    isObject(item) && typeof item.address === 'string' && typeof item.gateway === 'string';
  return body.addresses.length > 0 && body.addresses.every(isAddress);
}

function isCollected(body: unknown): body is Collected {
  return isObject(body) && Array.isArray(body.removed) && Array.isArray(body.kept);
}

function isStatus(body: unknown): body is NodeStatus {
  return (
    isObject(body) &&
    typeof body.readiness === 'string' &&
    typeof body.isViewStored === 'boolean' &&
    isObject(body.attachments) &&
    typeof body.attachments.orphaned === 'number' &&
    Array.isArray(body.addresses)
  );
}
