/** Finds an authority that is known by its digest alone: in the chain that a manager shows. */
import { CatalogueError, messageOf } from '@wgcni/base';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { certificateDigest } from './digests.ts';

/** How long a handshake may take, in milliseconds. */
const timeoutMs = 5_000;

/**
 * PEM of the authority with this digest. One connection is made that trusts nobody and sends nothing but its handshake. Throws CatalogueError
 * `authority.unknown` when who answers there does not show it: another authority's manager, or somebody in between; `leader.absent` when nobody
 * answers.
 */
export async function authorityShownBy(url: string, digest: string, signal: AbortSignal): Promise<string> {
  const chain = await chainShownBy(url, signal);
  const authority = chain.find((each) => each.ca && certificateDigest(each) === digest);
  if (authority !== undefined) return authority.toString();
  const shown = chain.filter(({ ca }) => ca).map(certificateDigest);
  throw new CatalogueError(
    'authority.unknown',
    `${url} shows ${shown.length === 0 ? 'no authority' : `the authority ${shown.join(', ')}`}; the token is for ${digest}`,
    {
      field: '--join',
      remedy:
        'see that --manager names cluster-managers of the cluster that the token was made for, and that nobody is in between',
    },
  );
}

function chainShownBy(url: string, signal: AbortSignal): Promise<X509Certificate[]> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return new Promise((resolve, reject) => {
    // FENCE: nothing is believed of this connection but a certificate whose digest we know; nothing is sent on it.
    const socket = connect({
      ...{ host, port: Number(port === '' ? 443 : port), rejectUnauthorized: false, minVersion: 'TLSv1.3' },
    });
    const settle = (then: () => void): void => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      then();
    };
    const fail = (cause: unknown): void => settle(() => reject(unanswered(url, cause)));
    const abort = (): void => fail(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    socket.setTimeout(timeoutMs, () => fail(new Error(`no answer within ${timeoutMs} ms`)));
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      const chain = certificatesOf(socket.getPeerCertificate(true));
      settle(() => resolve(chain));
    });
  });
}

function unanswered(url: string, cause: unknown): CatalogueError {
  return new CatalogueError('leader.absent', `the cluster-manager at ${url} did not answer: ${messageOf(cause)}`, {
    remedy: 'see that a cluster-manager runs there',
    cause,
  });
}

/** As node:tls links them: each to its issuer, the last to itself. */
function certificatesOf(first: DetailedPeerCertificate): X509Certificate[] {
  const found: X509Certificate[] = [];
  const seen = new Set<string>();
  for (let each: DetailedPeerCertificate | undefined = first; each?.raw !== undefined; each = each.issuerCertificate) {
    if (seen.has(each.fingerprint256)) break;
    seen.add(each.fingerprint256);
    found.push(new X509Certificate(each.raw));
  }
  return found;
}
