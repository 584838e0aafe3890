/** Who has no certificate yet, and knows by whom to judge others. */
import { Secret } from '@wgcni/base';
import type { Identity } from './identity.ts';
import type { CredentialSource } from './kept-credentials.ts';

/** For a client that shows nothing; node:tls takes an empty text for none. `identity` says of which cluster managers must be. */
export function uncertified(ca: string, identity: Identity): CredentialSource {
  const current = { cert: '', key: new Secret(''), ca, identity, validFromMs: 0, validToMs: 0 };
  return { current, onChange: () => () => {} };
}
