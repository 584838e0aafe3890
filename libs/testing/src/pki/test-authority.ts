/** A certificate authority for tests: certificates of any identity, good ones and those that must be refused. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commonNameOf, type CredentialPaths, type CredentialUse, parseIdentity } from '@wgcni/pki';
import * as x509 from '@peculiar/x509';
import { credentialPathsIn } from './read-credentials.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 86_400_000;

export interface CertificateRequest {
  /** The URIs it carries, such as `wgcni://main/node/n1`. */
  uris?: string[];
  /** The common name, which etcd takes for the user (default: that of the identity among the URIs, or `test`). */
  commonName?: string;
  /** The addresses it carries (default: 127.0.0.1). */
  addresses?: string[];
  /** When it ends, from now; a past instant makes an expired one (default: a day). */
  validForMs?: number;
}

/** PEM of a certificate and of its key. */
export interface Issued {
  cert: string;
  key: string;
}

export class TestAuthority {
  /** PEM of the authority's own certificate. */
  readonly ca: string;
  readonly #certificate: x509.X509Certificate;
  readonly #keys: webcrypto.CryptoKeyPair;

  private constructor(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.#certificate = certificate;
    this.#keys = keys;
    this.ca = `${certificate.toString('pem')}\n`;
  }

  /** A new authority; two of the same name trust each other's certificates no more than strangers'. */
  static async create(name = 'test authority'): Promise<TestAuthority> {
    x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serial(),
      name: `CN=${name}`,
      ...validity(90 * dayMs),
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, 1, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return new TestAuthority(certificate, keys);
  }

  /** PEM of its certificate and key, as a cluster-manager issues from them. */
  async files(): Promise<Issued> {
    return { cert: this.ca, key: await pemOf(this.#keys.privateKey) };
  }

  /** A certificate of this authority for a client and server. */
  async issue(request: CertificateRequest): Promise<Issued> {
    const { uris = [], addresses = ['127.0.0.1'], validForMs = dayMs } = request;
    const keys = await newKeys();
    const { clientAuth, serverAuth } = x509.ExtendedKeyUsage;
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial(),
      subject: [{ CN: [request.commonName ?? commonNameIn(uris)] }],
      issuer: this.#certificate.subject,
      ...validity(validForMs),
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([clientAuth, serverAuth]),
        new x509.SubjectAlternativeNameExtension([
          ...uris.map((value) => ({ type: 'url' as const, value })),
          ...addresses.map((value) => ({ type: 'ip' as const, value })),
        ]),
      ],
    });
    return { cert: `${certificate.toString('pem')}\n`, key: await pemOf(keys.privateKey) };
  }

  /** The same, as the three files that a process is given; written over by the next call with this name, each by a rename. */
  async write(
    dir: string,
    name: string,
    request: CertificateRequest,
    use: CredentialUse = 'tls',
  ): Promise<CredentialPaths> {
    return writeCredentials(join(dir, name), { ...(await this.issue(request)), ca: this.ca }, use);
  }
}

/** Writes three PEM texts into a directory, as a renewing tool does: aside, then renamed, the key for its owner alone. */
export async function writeCredentials(
  dir: string,
  { cert, key, ca }: Issued & { ca: string },
  use: CredentialUse = 'tls',
): Promise<CredentialPaths> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const paths = credentialPathsIn(dir, use);
  for (const [path, text] of [
    [paths.ca, ca],
    [paths.cert, cert],
    [paths.key, key],
  ] as const) {
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await chmod(`${path}.new`, 0o600);
    await rename(`${path}.new`, path);
  }
  return paths;
}

/** As our own authority names them. */
function commonNameIn(uris: readonly string[]): string {
  const identity = uris.map(parseIdentity).find((each) => each !== undefined);
  return identity === undefined ? 'test' : commonNameOf(identity);
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', key);
  return `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`;
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

/** OpenSSL allows no serial number below 1; the top bit would make it negative. */
function serial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

/** It began long enough ago for any clock that is a little behind; one that has expired did so just now. */
function validity(validForMs: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - 2 * dayMs), notAfter: new Date(now + validForMs) };
}
