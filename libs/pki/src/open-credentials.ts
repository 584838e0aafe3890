/** The credentials of one process: opened before anything is reached, and kept as the files are renewed. */
import type { Clock, Log } from '@wgcni/base';
import tls from 'node:tls';
import type { CredentialPaths } from './credential-paths.ts';
import { expectIdentity } from './expect-identity.ts';
import type { Identity } from './identity.ts';
import { type CredentialSource, KeptCredentials } from './kept-credentials.ts';

export interface ProcessFiles {
  /** For our own REST. */
  tls: CredentialPaths | undefined;
  /** For the store, when they are others. */
  etcdTls: CredentialPaths | undefined;
  /** For our own REST, of a process that issues to itself. */
  issued?: (CredentialSource & { run(signal: AbortSignal): Promise<void> }) | undefined;
}

export interface ProcessCredentials {
  tls: CredentialSource | undefined;
  etcd: CredentialSource | undefined;
  /** Resolves when nobody looks at the files any more, after the signal. */
  ended: Promise<void>;
}

/**
 * Reads what was named, and looks at it again until the signal aborts; etcd is shown what the others are when nothing else was named for it.
 * Throws CatalogueError `config.invalid` for files that cannot be used, and when the certificate for REST is not that of `own`. From then on
 * no connection of this process speaks less than TLS 1.3.
 */
export async function openCredentials(
  files: ProcessFiles,
  own: Identity,
  deps: { clock: Clock; log: Log },
  signal: AbortSignal,
): Promise<ProcessCredentials> {
  const rest =
    files.tls === undefined
      ? files.issued
      : await KeptCredentials.open({ ...deps, paths: files.tls, accept: expectIdentity(own) });
  const etcd = files.etcdTls === undefined ? undefined : await KeptCredentials.open({ ...deps, paths: files.etcdTls });
  const kept = [rest, etcd].filter((each) => each !== undefined);
  // etcd's client has no option for it.
  if (kept.length > 0) tls.DEFAULT_MIN_VERSION = 'TLSv1.3';
  return {
    tls: rest,
    etcd: etcd ?? rest,
    ended: Promise.all(kept.map((each) => each.run(signal))).then(() => undefined),
  };
}
