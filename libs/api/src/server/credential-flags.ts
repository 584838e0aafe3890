/** The flags that name a certificate, its key and the authorities that others are judged by. */
import { credentialPaths, type CredentialPaths, type CredentialUse } from '@wgcni/pki';
import type { Flag, Said } from './program.ts';

/** Three flags; `what` is reached by them. */
export function credentialFlags(use: CredentialUse, what: string): Flag[] {
  return [
    { name: `${use}-cert`, value: 'file', about: `certificate for ${what}, PEM; renewed files are taken over` },
    { name: `${use}-key`, value: 'file', about: 'its private key, PEM, mode 0600' },
    { name: `${use}-ca`, value: 'file', about: 'authorities that the other side is judged by, PEM' },
  ];
}

/** The switch for those who want none. */
export const insecureFlag: Flag = {
  name: 'insecure',
  about: 'no certificates: plain HTTP, on loopback alone; whoever is on this machine may do anything',
};

/** Whether it was said. */
export function saidInsecure(said: Said): boolean {
  return said.get('insecure')?.at(-1) === 'true';
}

/** The files that were said, all three or none. Throws CatalogueError `config.invalid` otherwise. */
export function saidCredentials(said: Said, use: CredentialUse): CredentialPaths | undefined {
  const path = (part: string): string | undefined => said.get(`${use}-${part}`)?.at(-1);
  return credentialPaths(use, { cert: path('cert'), key: path('key'), ca: path('ca') });
}
