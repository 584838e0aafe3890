/** The Container Runtime Interface as a kubelet speaks it: gRPC over the unix socket of a runtime. */
import { join } from 'node:path';
import { credentials, loadPackageDefinition, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export interface Pod {
  id: string;
  /** Of both families. */
  addresses: string[];
  netnsPath: string;
}

interface Status {
  status: { network?: { ip: string; additional_ips?: { ip: string }[] } };
  info: Record<string, string>;
}

type Unary = (
  request: object,
  options: { deadline: number },
  done: (error: ServiceError | null, answer: unknown) => void,
) => void;
type Stub = Record<string, Unary> & { close(): void };

const limitMs = 60_000;

/** What a kubelet asks for: processes apart, the rest shared in the pod. */
const namespaces = { namespace_options: { network: 0, pid: 1, ipc: 0 } };

export class CriClient {
  readonly #stub: Stub;

  constructor(socket: string) {
    const definition = loadSync(join(import.meta.dirname, 'cri.proto'), { keepCase: true, defaults: true });
    const { runtime } = loadPackageDefinition(definition) as unknown as {
      runtime: { v1: { RuntimeService: new (address: string, secure: unknown) => Stub } };
    };
    this.#stub = new runtime.v1.RuntimeService(`unix://${socket}`, credentials.createInsecure());
  }

  /** Whether runtime and network say that they are ready. */
  async isReady(): Promise<boolean> {
    const { status } = await this.#call<{ status: { conditions: { status: boolean }[] } }>('Status', {});
    return status.conditions.length > 0 && status.conditions.every((condition) => condition.status);
  }

  /** Makes a sandbox: a namespace, the plugin's ADD, and with containerd a pause process. Resolves with its id. */
  async run(name: string, cgroupParent: string): Promise<string> {
    const metadata = { name, uid: name, namespace: 'wgcni', attempt: 0 };
    const linux = { cgroup_parent: `/${cgroupParent}`, security_context: namespaces };
    const config = { metadata, hostname: name, linux };
    return (await this.#call<{ pod_sandbox_id: string }>('RunPodSandbox', { config })).pod_sandbox_id;
  }

  async stop(id: string): Promise<void> {
    await this.#call('StopPodSandbox', { pod_sandbox_id: id });
  }

  async remove(id: string): Promise<void> {
    await this.#call('RemovePodSandbox', { pod_sandbox_id: id });
  }

  async pod(id: string): Promise<Pod> {
    const { status, info } = await this.#call<Status>('PodSandboxStatus', { pod_sandbox_id: id, verbose: true });
    const { ip = '', additional_ips = [] } = status.network ?? {};
    const { runtimeSpec } = JSON.parse(info['info'] ?? '{}') as {
      runtimeSpec?: { linux: { namespaces: { type: string; path?: string }[] } };
    };
    const netnsPath = runtimeSpec?.linux.namespaces.find(({ type }) => type === 'network')?.path ?? '';
    return { id, addresses: [ip, ...additional_ips.map((more) => more.ip)].filter((text) => text !== ''), netnsPath };
  }

  /** Ids of every sandbox that the runtime knows, in any state. */
  async list(): Promise<string[]> {
    const { items } = await this.#call<{ items: { id: string }[] }>('ListPodSandbox', {});
    return items.map(({ id }) => id);
  }

  close(): void {
    this.#stub.close();
  }

  #call<T>(method: string, request: object): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#stub[method]?.(request, { deadline: Date.now() + limitMs }, (error, answer) => {
        if (error === null) resolve(answer as T);
        else reject(error);
      });
    });
  }
}
