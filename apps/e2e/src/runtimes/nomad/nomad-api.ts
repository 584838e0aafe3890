/** The part of Nomad's HTTP API that the tests speak. */

export interface NomadNode {
  ID: string;
  Name: string;
  Status: string;
  Attributes: Record<string, string>;
  Drivers: Record<string, { Detected: boolean; Healthy: boolean } | undefined>;
}

export interface Allocation {
  ID: string;
  ClientStatus: string;
  ClientDescription: string;
  NetworkStatus: { InterfaceName: string; Address: string } | null;
}

export class NomadApi {
  readonly #url: string;

  /** `url` without a path. */
  constructor(url: string) {
    this.#url = url;
  }

  /** Every client, in full. */
  async nodes(): Promise<NomadNode[]> {
    const nodes = await this.#call<{ ID: string }[]>('GET', '/v1/nodes');
    return Promise.all(nodes.map(({ ID }) => this.#call<NomadNode>('GET', `/v1/node/${ID}`)));
  }

  /** Registers a job; its allocations come later. */
  async register(job: object): Promise<void> {
    await this.#call('POST', '/v1/jobs', { Job: job });
  }

  async allocations(jobId: string): Promise<Allocation[]> {
    const listed = await this.#call<{ ID: string }[]>('GET', `/v1/job/${jobId}/allocations`);
    return Promise.all(listed.map(({ ID }) => this.#call<Allocation>('GET', `/v1/allocation/${ID}`)));
  }

  /** Stops a job and forgets it; its allocations end later. */
  async purge(jobId: string): Promise<void> {
    await this.#call('DELETE', `/v1/job/${jobId}?purge=true`);
  }

  /** Has every allocation that has ended forgotten, with its directory. */
  async collect(): Promise<void> {
    await this.#call('PUT', '/v1/system/gc');
  }

  /** Ids of the allocations that have not ended, of whatever job. */
  async unfinished(): Promise<string[]> {
    const all = await this.#call<Pick<Allocation, 'ID' | 'ClientStatus'>[]>('GET', '/v1/allocations');
    return all.filter(({ ClientStatus }) => ['pending', 'running'].includes(ClientStatus)).map(({ ID }) => ID);
  }

  async jobs(): Promise<string[]> {
    return (await this.#call<{ ID: string }[]>('GET', '/v1/jobs')).map(({ ID }) => ID);
  }

  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      signal: AbortSignal.timeout(10_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
}
