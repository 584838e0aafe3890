/** PURE: TLS, unless --insecure was said: then plain HTTP, and that on loopback alone. */
import { CatalogueError } from '@wgcni/base';

/** TLS with credentials, or plain HTTP between programs of one machine. */
export type Transport = 'tls' | 'plain';

export interface SaidOfTransport {
  /** Whether the process can show who it is, in whichever way. */
  hasCredentials: boolean;
  /** Whether it has others for etcd alone. */
  hasEtcdCredentials?: boolean;
  /** Whether --insecure was said. */
  isInsecure: boolean;
}

/** The ways to have credentials, for those who have none; a program that has more of them says so. */
const credentialWays = '--tls-cert, --tls-key and --tls-ca';

/**
 * Whether a process speaks TLS. Throws CatalogueError `config.invalid` when it has no credentials and did not say that it wants none, and when it
 * said both.
 */
export function chooseTransport(
  { hasCredentials, hasEtcdCredentials = false, isInsecure }: SaidOfTransport,
  ways: string = credentialWays,
): Transport {
  if (isInsecure && (hasCredentials || hasEtcdCredentials))
    throw refuse('--insecure', 'was said, and certificates are given', 'leave out the one or the other');
  if (!hasCredentials && !isInsecure)
    throw refuse(
      '--tls-cert',
      'is missing, and nothing else says who this is',
      `give ${ways}; or say --insecure, which is for loopback alone`,
    );
  return isInsecure ? 'plain' : 'tls';
}

/** Throws CatalogueError `config.invalid` for a URL that another transport belongs to: http:// under TLS, https:// and other machines without. */
export function checkUrls(flag: string, urls: readonly string[], transport: Transport): void {
  for (const text of urls) {
    const { protocol, hostname } = new URL(text);
    const isEncrypted = protocol === 'https:';
    if (transport === 'tls' && !isEncrypted)
      throw refuse(flag, `"${text}" is not encrypted`, 'write https://; without is only loopback, with --insecure');
    if (transport === 'plain' && isEncrypted)
      throw refuse(flag, `"${text}" needs ${credentialWays}`, 'give those instead of --insecure');
    if (transport === 'plain' && !isLoopbackName(hostname)) throw refuseFar(flag, text);
  }
}

/** Throws CatalogueError `config.invalid` for an address that others reach, when they would be served without TLS. */
export function checkListen(flag: string, host: string, transport: Transport): void {
  if (transport === 'plain' && !isLoopback(host)) throw refuseFar(flag, host);
}

/** 127.0.0.0/8, ::1 or `localhost`, in the one text that each of them has. */
export function isLoopback(host: string): boolean {
  const url = `http://${host.includes(':') ? `[${host}]` : host}/`;
  return URL.canParse(url) && new URL(url).origin === url.slice(0, -1) && isLoopbackName(new URL(url).hostname);
}

/** `hostname` as URL has it, which knows one text of each address. */
function isLoopbackName(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.[0-9]{1,3}){3}$/.test(hostname);
}

function refuseFar(flag: string, text: string): CatalogueError {
  return refuse(
    flag,
    `"${text}" is not on loopback, and --insecure was said`,
    `give ${credentialWays} instead of --insecure, or use 127.0.0.1, [::1] or localhost`,
  );
}

function refuse(flag: string, message: string, remedy: string): CatalogueError {
  return new CatalogueError('config.invalid', `${flag} ${message}`, { field: flag, remedy });
}
