/** PURE: the one word by which a node that has no certificate yet joins: which token, its secret, and the authority to be found there. */
import { CatalogueError, type Random, Secret } from '@wgcni/base';
import { sha256 } from './digests.ts';

export interface JoinToken {
  /** Names the token in lists; tells nobody anything. */
  id: string;
  secret: Secret;
  /** SHA-256 of the authority's certificate. */
  authority: string;
}

/** How every token begins: by this it is known where it should not stand. */
export const joinTokenStart = 'wgcni-join.';

const form = /^wgcni-join\.1\.([0-9a-f]{16})\.([A-Za-z0-9_-]{43})\.([0-9a-f]{64})$/;

/** A new token: 64 random bits of id, 256 of secret. */
export function drawToken(authority: string, random: Random): JoinToken {
  const id = Buffer.from(random.bytes(8)).toString('hex');
  return { id, secret: new Secret(Buffer.from(random.bytes(32)).toString('base64url')), authority };
}

/** The word itself: whoever has it can join. */
export function formatToken({ id, secret, authority }: JoinToken): Secret {
  return new Secret(`wgcni-join.1.${id}.${secret.reveal()}.${authority}`);
}

/** Throws CatalogueError `config.invalid`, without the word, for what is no token. */
export function parseToken(word: string, flag: string): JoinToken {
  const [, id, secret, authority] = form.exec(word.trim()) ?? [];
  if (id !== undefined && secret !== undefined && authority !== undefined)
    return { id, secret: new Secret(secret), authority };
  throw new CatalogueError('config.invalid', `${flag} is not a join token`, {
    field: flag,
    remedy: 'give the one word that `wgcni token create` printed, whole: it begins with wgcni-join.1.',
  });
}

/** What is stored of a secret. 256 random bits cannot be guessed, so one SHA-256 is enough. */
export function tokenHash(secret: Secret): string {
  return sha256(secret.reveal());
}

/** As a request carries it: `Authorization: Bearer` (RFC 6750). */
export function bearerOf({ id, secret }: JoinToken): Secret {
  return new Secret(`Bearer ${id}.${secret.reveal()}`);
}

/** Id and secret of such a header; undefined for anything else. */
export function readBearer(header: string | undefined): { id: string; secret: Secret } | undefined {
  const [, id, secret] = /^Bearer ([0-9a-f]{16})\.([A-Za-z0-9_-]{43})$/.exec(header ?? '') ?? [];
  return id !== undefined && secret !== undefined ? { id, secret: new Secret(secret) } : undefined;
}
