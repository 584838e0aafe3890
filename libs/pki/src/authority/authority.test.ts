/** What an authority issues is taken by those who trust it, also by way of its successor, and by nobody else. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { certificateDigest, publicKeyDigest } from '../digests.ts';
import { identityIn } from '../identity.ts';
import { generateKeyPair } from '../key-pair.ts';
import { certificatesIn } from '../pem.ts';
import { Authority, type AuthorityTexts, subjectOf } from './authority.ts';
import { makeCertificateRequest, readCertificateRequest } from './certificate-request.ts';

const hourMs = 3_600_000;
const manager = subjectOf({ kind: 'manager', cluster: 'main', replicaId: 'm1' }, ['127.0.0.1', 'm1.example']);
const node = subjectOf({ kind: 'node', cluster: 'main', nodeId: 'n1' });

async function issued(texts: AuthorityTexts, subject = manager) {
  const authority = await Authority.open(texts);
  const { key, publicKey } = generateKeyPair();
  const cert = await authority.issue({ subject, publicKey, lifeMs: hourMs, wallMs: Date.now() });
  return { cert: cert + authority.between, key: key.reveal(), ca: authority.trusted };
}

/** Connects a client that shows `ours` and trusts `ca` to a server that shows `theirs` and trusts `ca`; what each thinks of the other. */
async function handshake(theirs: { cert: string; key: string }, ours: { cert: string; key: string }, ca: string) {
  const server = createServer({ ...theirs, ca, requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.3' });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const seen = once(server, 'secureConnection') as Promise<[{ authorized: boolean; destroy(): void }]>;
  const { port } = server.address() as AddressInfo;
  const socket = connect({ ...ours, ca, port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const [peer] = await seen;
  const result = { client: peer.authorized, server: socket.authorized };
  socket.destroy();
  peer.destroy();
  server.close();
  return result;
}

describe('an authority', () => {
  it('issues what those who trust it take, in both directions', async () => {
    const texts = await Authority.create('main', Date.now());
    const [theirs, ours] = [await issued(texts), await issued(texts, node)];
    expect(await handshake(theirs, ours, ours.ca)).toEqual({ client: true, server: true });
  });

  it('is a stranger to those who trust another, also one of the same name', async () => {
    const [texts, other] = [await Authority.create('main', Date.now()), await Authority.create('main', Date.now())];
    const [theirs, ours] = [await issued(texts), await issued(texts, node)];
    const { trusted } = await Authority.open(other);
    expect(await handshake(theirs, ours, trusted)).toEqual({ client: false, server: false });
  });

  it('writes the identity, the role as common name, the names and the use', async () => {
    const { cert } = await issued(await Authority.create('main', Date.now()));
    const certificate = new X509Certificate(cert);
    expect(certificate.subject).toBe('CN=manager.main');
    expect(identityIn(certificate.subjectAltName)).toEqual(manager.identity);
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkHost('m1.example')).toBe('m1.example');
    expect(certificate.ca).toBe(false);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1']);
    const operator = subjectOf({ kind: 'operator', cluster: 'main', role: 'admin', name: 'ann' });
    const person = new X509Certificate((await issued(await Authority.create('main', Date.now()), operator)).cert);
    expect(person.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  });

  it('is refused when its files do not belong together, or it may not issue', async () => {
    const [one, other] = [await Authority.create('main', Date.now()), await Authority.create('main', Date.now())];
    await expect(Authority.open({ ...one, key: other.key })).rejects.toThrow('the key is not that of CN=main');
    const { key, publicKey } = generateKeyPair();
    const authority = await Authority.open(one);
    const cert = await authority.issue({ subject: node, publicKey, lifeMs: hourMs, wallMs: Date.now() });
    await expect(Authority.open({ cert, key })).rejects.toThrow('is no authority');
    await expect(Authority.open({ cert: 'nothing', key })).rejects.toThrow('there is no certificate');
  });

  it('knows what it issued, and its own digest', async () => {
    const [texts, other] = [await Authority.create('main', Date.now()), await Authority.create('main', Date.now())];
    const [authority, stranger] = [await Authority.open(texts), await Authority.open(other)];
    const certificate = new X509Certificate((await issued(texts)).cert);
    expect([authority.hasIssued(certificate), stranger.hasIssued(certificate)]).toEqual([true, false]);
    expect(authority.digest).toBe(certificateDigest(new X509Certificate(texts.cert)));
  });
});

describe('a successor', () => {
  it('is taken by those who trust only the old authority, and by those who trust only the new one', async () => {
    const old = await Authority.create('main', Date.now());
    const next = await (await Authority.open(old)).succeedBy(await Authority.create('main', Date.now()));
    const [theirs, ours] = [await issued(next), await issued(next, node)];
    const [trustsOld, trustsNew] = [(await Authority.open(old)).trusted, (await Authority.open(next)).trusted];
    expect(certificatesIn(trustsNew)).toHaveLength(1);
    expect(await handshake(theirs, ours, trustsOld)).toEqual({ client: true, server: true });
    expect(await handshake(theirs, ours, trustsNew)).toEqual({ client: true, server: true });
    // What the old one issued is not taken any more by those who trust only the new one.
    expect(await handshake(await issued(old), await issued(old, node), trustsNew)).toEqual({
      client: false,
      server: false,
    });
  });

  it('is shown by way of the old authority for as long as that is trusted, and never with its own certificate beside', async () => {
    const old = await Authority.create('main', Date.now());
    const next = await (await Authority.open(old)).succeedBy(await Authority.create('main', Date.now()));
    const [trustsOld, authority] = [(await Authority.open(old)).trusted, await Authority.open(next)];
    const { key, publicKey } = generateKeyPair();
    const cert = await authority.issue({ subject: manager, publicKey, lifeMs: hourMs, wallMs: Date.now() });
    for (const trusted of [authority.trusted + trustsOld, authority.trusted]) {
      const { between, anchor } = authority.pathTo(trusted);
      expect(certificateDigest(anchor)).toBe(
        trusted === authority.trusted ? authority.digest : certificateDigest(new X509Certificate(old.cert)),
      );
      const shown = { cert: cert + [...between, anchor].map(String).join(''), key: key.reveal() };
      // Whoever trusts where it ends takes it, and so does who has the new one already.
      expect(await handshake(shown, shown, anchor.toString())).toEqual({ client: true, server: true });
      expect(await handshake(shown, shown, authority.trusted)).toEqual({ client: true, server: true });
    }
  });

  it('certifies no third one for those who trust only the first', async () => {
    const first = await Authority.create('main', Date.now());
    const second = await (await Authority.open(first)).succeedBy(await Authority.create('main', Date.now()));
    const third = await (await Authority.open(second)).succeedBy(await Authority.create('main', Date.now()));
    const chain = third.cert + second.cert;
    const theirs = await issued({ cert: chain, key: third.key });
    const { trusted } = await Authority.open(first);
    expect(await handshake(theirs, theirs, trusted)).toEqual({ client: false, server: false });
  });
});

describe('a certificate request', () => {
  it('brings its key', async () => {
    const { key, publicKey } = generateKeyPair();
    const read = await readCertificateRequest(await makeCertificateRequest(key));
    expect(publicKeyDigest(read)).toBe(publicKeyDigest(publicKey));
    expect(publicKeyDigest(createPrivateKey(key.reveal()))).toBe(publicKeyDigest(publicKey));
  });

  it.each([
    ['no request at all', () => 'nothing'],
    ['a certificate', async () => (await Authority.create('main', Date.now())).cert],
    ['a request that was changed', async () => flipped(await makeCertificateRequest(generateKeyPair().key))],
  ])('is refused as %s', async (_, text) => {
    await expect(readCertificateRequest(await text())).rejects.toMatchObject({
      code: 'request.invalid',
      field: 'request',
    });
  });
});

/** The same with one bit of its signature turned over. */
function flipped(pem: string): string {
  const der = Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
  der[der.length - 1] = (der[der.length - 1] ?? 0) ^ 1;
  return `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
}
