/** PURE: the three files that a process shows itself by: all of them or none. */
import { CatalogueError } from '@wgcni/base';

/** What the files are for: `tls` is our own REST, `etcd` the store, `authority` issues certificates. */
export type CredentialUse = 'tls' | 'etcd' | 'authority';

export interface CredentialPaths {
  use: CredentialUse;
  /** Certificate, then those between it and the authority, PEM. */
  cert: string;
  /** Its private key, PEM. */
  key: string;
  /** The authorities that others are judged by, PEM. */
  ca: string;
}

const parts = ['cert', 'key', 'ca'] as const;

/** The flag of a file. */
export function credentialFlag(use: CredentialUse, part: (typeof parts)[number]): string {
  return `--${use}-${part}`;
}

/** The three paths, or undefined when none was said. Throws CatalogueError `config.invalid` when some are missing. */
export function credentialPaths(
  use: CredentialUse,
  said: { [part in (typeof parts)[number]]?: string | undefined },
): CredentialPaths | undefined {
  const missing = parts.filter((part) => said[part] === undefined || said[part] === '');
  if (missing.length === parts.length) return undefined;
  const { cert, key, ca } = said;
  if (cert && key && ca) return { use, cert, key, ca };
  const flags = missing.map((part) => credentialFlag(use, part));
  throw new CatalogueError('config.invalid', `${flags.join(' and ')} ${flags.length > 1 ? 'are' : 'is'} missing`, {
    field: flags[0] ?? '',
    remedy: `give ${parts.map((part) => credentialFlag(use, part)).join(', ')}, or none of them`,
  });
}
