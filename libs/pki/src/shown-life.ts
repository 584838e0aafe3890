/** How long the certificate is good that a cluster-manager shows now, as whoever dials it sees it. */
import { connect } from 'node:tls';
import type { Credentials } from './credentials.ts';
import type { CertificateLife } from './expiry.ts';
import { clientOptions } from './secure-client.ts';

/** Milliseconds for a handshake: somebody waits for it, beside those with all the others. */
const timeoutMs = 3_000;

/**
 * Makes one connection and sends nothing but its handshake. Rejects, with why, when nobody answers or who answers is not taken for a manager of the
 * cluster: one whose certificate has ended is not.
 */
export function lifeShownBy(url: string, credentials: Credentials): Promise<Omit<CertificateLife, 'use'>> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port === '' ? 443 : port), ...clientOptions(credentials) });
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(timeoutMs, () => fail(new Error(`no answer within ${timeoutMs} ms`)));
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      const { valid_from: from, valid_to: to } = socket.getPeerCertificate();
      socket.destroy();
      resolve({ validFromMs: Date.parse(from), validToMs: Date.parse(to) });
    });
  });
}
