/** How to reach an etcd cluster. */
import type { Secret } from '@wgcni/base';

/** What we show to etcd and judge it by, PEM; it may be other files' tomorrow. */
export interface EtcdCredentials {
  readonly current: { ca: string; cert: string; key: Secret };
  /** Tells of each change, after it; answers how to hear no more. */
  onChange(listener: () => void): () => void;
}

export interface EtcdOptions {
  /** Client URLs of the members. */
  urls: readonly string[];
  /** TLS; renewed ones are used for the next call. URLs are https:// then. */
  credentials?: EtcdCredentials | undefined;
  auth?: { username: string; password: string };
  /** Bound of one unary call, in milliseconds (default 2,000). */
  unaryTimeoutMs?: number;
}
