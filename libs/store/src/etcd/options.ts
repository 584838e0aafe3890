/** How to reach an etcd cluster. */

export interface EtcdOptions {
  /** Client URLs of the members. */
  urls: readonly string[];
  /** TLS: certificate authority, and the client's own certificate and key. */
  credentials?: { rootCertificate: Buffer; privateKey?: Buffer; certChain?: Buffer };
  auth?: { username: string; password: string };
  /** Bound of one unary call, in milliseconds (default 2,000). */
  unaryTimeoutMs?: number;
}
