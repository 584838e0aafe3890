/** The members of an etcd cluster, one raw client each, so that the choice of member is ours. */
import { InterceptingCall, type Interceptor } from '@grpc/grpc-js';
import { Etcd3, type IOptions } from 'etcd3';
import type { EtcdCredentials, EtcdOptions } from './options.ts';

const defaultTimeoutMs = 2_000;

/** Asks etcd to answer only while it has a leader: an isolated member would serve a silent, stale watch. */
const requireLeader: Interceptor = (options, nextCall) =>
  new InterceptingCall(nextCall(options), {
    start: (metadata, listener, next) => {
      metadata.set('hasleader', 'true');
      next(metadata, listener);
    },
  });

/** Runs a call once: etcd3's own retries would turn our own success into a conflict. */
const once = {
  execute: async <T>(fn: () => T | Promise<T>): Promise<T> => fn(),
} as unknown as NonNullable<NonNullable<IOptions['faultHandling']>['global']>;

/** A member's raw clients. Apart, since etcd3 closes every channel of a client when one call of it fails. */
export class Member {
  readonly url: string;
  readonly #options: EtcdOptions;
  /** How many streams each watching client carries. */
  readonly #watches = new Map<Etcd3, number>();
  unary: Etcd3;
  lease: Etcd3;
  watch: Etcd3;

  /** Dials on the first call. */
  constructor(url: string, options: EtcdOptions) {
    this.url = url;
    this.#options = options;
    ({ unary: this.unary, lease: this.lease, watch: this.watch } = this.#open());
  }

  /** The client for one watch, which is then left with `leaveWatch`. */
  enterWatch(): Etcd3 {
    this.#watches.set(this.watch, (this.#watches.get(this.watch) ?? 0) + 1);
    return this.watch;
  }

  /** Closes a client that was replaced, after its last watch. */
  leaveWatch(client: Etcd3): void {
    const left = (this.#watches.get(client) ?? 0) - 1;
    if (left > 0) this.#watches.set(client, left);
    else this.#watches.delete(client);
    if (left <= 0 && client !== this.watch) client.close();
  }

  /** Makes every client anew, of the present credentials. Calls end on the client they began on, watches go on there until they break. */
  renew(): void {
    const { unary, lease, watch } = this;
    ({ unary: this.unary, lease: this.lease, watch: this.watch } = this.#open());
    if (!this.#watches.has(watch)) watch.close();
    const { unaryTimeoutMs = defaultTimeoutMs } = this.#options;
    setTimeout(() => {
      for (const client of [unary, lease]) client.close();
    }, 2 * unaryTimeoutMs).unref();
  }

  close(): void {
    for (const client of new Set([this.unary, this.lease, this.watch, ...this.#watches.keys()])) client.close();
  }

  #open(): { unary: Etcd3; lease: Etcd3; watch: Etcd3 } {
    const open = (isStream: boolean): Etcd3 => new Etcd3(clientOptions(this.#options, this.url, isStream));
    return { unary: open(false), lease: open(false), watch: open(true) };
  }
}

function clientOptions(
  { auth, credentials, unaryTimeoutMs = defaultTimeoutMs }: EtcdOptions,
  url: string,
  isStream: boolean,
): IOptions {
  return {
    hosts: url,
    ...(credentials === undefined ? {} : { credentials: channelCredentials(credentials) }),
    ...(auth === undefined ? {} : { auth }),
    faultHandling: { global: once, host: () => once },
    defaultCallOptions: () => ({
      interceptors: [requireLeader],
      ...(isStream ? {} : { deadline: Date.now() + unaryTimeoutMs }),
    }),
    grpcOptions: {
      'grpc.max_receive_message_length': 64 * 1_024 * 1_024,
      // etcd refuses pings more often than every 5 s.
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 3_000,
      'grpc.keepalive_permit_without_calls': 1,
      // A member that comes back is found within a second.
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1_000,
    },
  };
}

function channelCredentials({ current: { ca, cert, key } }: EtcdCredentials): NonNullable<IOptions['credentials']> {
  return {
    rootCertificate: Buffer.from(ca),
    privateKey: Buffer.from(key.reveal()),
    certChain: Buffer.from(cert),
  };
}
