/** The certificate authority of a cluster: opened from its certificate and key, it issues certificates and certifies its successor. */
import type { X509Certificate } from 'node:crypto';
import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import type { Secret } from '@wgcni/base';
import { certificateDigest } from '../digests.ts';
import { commonNameOf, formatIdentity, type Identity } from '../identity.ts';
import { generateKeyPair, type KeyPair } from '../key-pair.ts';
import { certificatesIn, isSelfSigned, pemOf } from '../pem.ts';
import { type Algorithm, algorithmOf, crypto, ownAlgorithm, signingKey, verifyingKey, x509 } from './x509.ts';

/** An authority as its two files hold it: its certificate first, then those that certify its key for whoever trusts an older one. */
export interface AuthorityTexts {
  cert: string;
  key: Secret;
}

/** Whom a certificate is for. */
export interface Subject {
  commonName: string;
  /** Who of the cluster; without one, a server that is none of ours, as a member of etcd is. */
  identity?: Identity;
  /** Host names and addresses by which it is dialled. */
  names: readonly string[];
  usage: 'client' | 'client and server';
}

export interface Issuing {
  subject: Subject;
  publicKey: KeyObject;
  /** Milliseconds from now until it ends. */
  lifeMs: number;
  /** Now, by the wall clock. */
  wallMs: number;
}

const authorityLifeMs = 10 * 365 * 86_400_000;
/** How far a clock may be behind ours and still take a new certificate; never more than a tenth of its life. */
const backdatedMs = 300_000;
/** An authority certifies servers and clients, or one successor. */
const mostBelow = 1;

type Extensions = NonNullable<Parameters<typeof x509.X509CertificateGenerator.create>[0]['extensions']>;

/** What a certificate says beside its key. */
interface Statement {
  name: x509.JsonName | string;
  notBefore: Date;
  notAfter: Date;
  extensions: Extensions;
}

export class Authority {
  readonly #chain: readonly X509Certificate[];
  readonly #key: Awaited<ReturnType<typeof signingKey>>;
  readonly #algorithm: Algorithm;

  private constructor(
    chain: readonly X509Certificate[],
    key: Awaited<ReturnType<typeof signingKey>>,
    algorithm: Algorithm,
  ) {
    this.#chain = chain;
    this.#key = key;
    this.#algorithm = algorithm;
  }

  /** Throws an Error that says what is wrong with the texts. */
  static async open({ cert, key }: AuthorityTexts): Promise<Authority> {
    const chain = certificatesIn(cert);
    const [own] = chain;
    const privateKey = createPrivateKey(key.reveal());
    if (own === undefined) throw new Error('there is no certificate');
    if (!own.ca) throw new Error(`${own.subject} is no authority: it may not issue certificates`);
    if (!own.checkPrivateKey(privateKey)) throw new Error(`the key is not that of ${own.subject}`);
    const algorithm = algorithmOf(privateKey);
    return new Authority(chain, await signingKey(key.reveal(), algorithm), algorithm);
  }

  /** A new authority, self-signed, for ten years. `name` is told to people only. */
  static async create(name: string, wallMs: number): Promise<AuthorityTexts> {
    const { key, publicKey } = generateKeyPair();
    const keys = await keysOf({ key, publicKey });
    const certificate = await x509.X509CertificateGenerator.createSelfSigned(
      {
        serialNumber: serial(),
        // Two authorities of one name could not be told apart by those who look for an issuer.
        name: [{ CN: [`${name} ${randomBytes(4).toString('hex')}`] }],
        ...validity(wallMs, authorityLifeMs),
        keys,
        signingAlgorithm: ownAlgorithm,
        extensions: await authorityExtensions(keys.publicKey, mostBelow),
      },
      crypto,
    );
    return { cert: `${certificate.toString('pem')}\n`, key };
  }

  /** SHA-256 of the certificate that others trust: where the chain ends. */
  get digest(): string {
    return certificateDigest(this.#root);
  }

  /** PEM of the certificates by which others judge what is issued here. */
  get trusted(): string {
    return this.#chain.filter(isSelfSigned).map(pemOf).join('') || pemOf(this.#root);
  }

  /** PEM of what stands between a certificate issued here and an authority that somebody trusts. */
  get between(): string {
    return this.#chain
      .filter((each) => !isSelfSigned(each))
      .map(pemOf)
      .join('');
  }

  /**
   * How what is issued here is shown to whoever trusts those of `trusted` (PEM): the certificates in between, and where they end. A successor is shown by
   * way of the authority before it for as long as that one is trusted; never its own certificate beside: OpenSSL would take that and go no further.
   */
  pathTo(trusted: string): { between: X509Certificate[]; anchor: X509Certificate } {
    const authorities = certificatesIn(trusted);
    for (const link of this.#chain.filter((each) => !isSelfSigned(each))) {
      const anchor = authorities.find((each) => link.checkIssued(each) && link.verify(each.publicKey));
      if (anchor !== undefined) return { between: [link], anchor };
    }
    return { between: [], anchor: this.#root };
  }

  /** Whether this very authority signed it, with the key that it has now. */
  hasIssued(certificate: X509Certificate): boolean {
    return certificate.checkIssued(this.#own) && certificate.verify(this.#own.publicKey);
  }

  /** PEM of a new certificate alone, without what stands between. */
  async issue({ subject, publicKey, lifeMs, wallMs }: Issuing): Promise<string> {
    const key = await verifyingKey(publicKey, algorithmOf(publicKey));
    const certificate = await this.#sign(key, {
      name: [{ CN: [subject.commonName] }],
      ...validity(wallMs, lifeMs),
      extensions: subjectExtensions(subject),
    });
    return `${certificate.toString('pem')}\n`;
  }

  /**
   * The texts of `next` with a certificate of its key by this authority behind its own: who trusts only this one accepts what `next` issues, once
   * that is shown with it. It ends when this authority does.
   */
  async succeedBy(next: AuthorityTexts): Promise<AuthorityTexts> {
    const [first] = certificatesIn(next.cert);
    if (first === undefined) throw new Error('the successor has no certificate');
    const successor = new x509.X509Certificate(first.raw);
    const key = await verifyingKey(first.publicKey, algorithmOf(first.publicKey));
    const cross = await this.#sign(key, {
      name: successor.subject,
      notBefore: new Date(first.validFrom),
      notAfter: new Date(Math.min(Date.parse(first.validTo), Date.parse(this.#own.validTo))),
      extensions: await authorityExtensions(key, 0),
    });
    return { cert: `${pemOf(first)}${cross.toString('pem')}\n`, key: next.key };
  }

  get #own(): X509Certificate {
    return this.#chain[0] as X509Certificate;
  }

  get #root(): X509Certificate {
    return this.#chain.find(isSelfSigned) ?? this.#own;
  }

  async #sign(
    publicKey: Awaited<ReturnType<typeof verifyingKey>>,
    { name, notBefore, notAfter, extensions }: Statement,
  ): Promise<x509.X509Certificate> {
    const own = new x509.X509Certificate(this.#own.raw);
    return x509.X509CertificateGenerator.create(
      {
        serialNumber: serial(),
        subject: name,
        issuer: own.subjectName.toJSON(),
        notBefore,
        notAfter,
        publicKey,
        signingKey: this.#key,
        signingAlgorithm: this.#algorithm,
        extensions: [...extensions, await x509.AuthorityKeyIdentifierExtension.create(own.publicKey, false, crypto)],
      },
      crypto,
    );
  }
}

/** A person, a node or a manager of the cluster; `names` for those who are dialled by them. */
export function subjectOf(identity: Identity, names: readonly string[] = []): Subject {
  const usage = identity.kind === 'operator' ? 'client' : 'client and server';
  return { commonName: commonNameOf(identity), identity, names, usage };
}

async function keysOf({ key, publicKey }: KeyPair) {
  return {
    privateKey: await signingKey(key.reveal(), ownAlgorithm),
    publicKey: await verifyingKey(publicKey, ownAlgorithm),
  };
}

function subjectExtensions({ identity, names, usage }: Subject): Extensions {
  const { clientAuth, serverAuth } = x509.ExtendedKeyUsage;
  const altNames = [
    ...(identity === undefined ? [] : [{ type: 'url' as const, value: formatIdentity(identity) }]),
    ...names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
  ];
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension(usage === 'client' ? [clientAuth] : [clientAuth, serverAuth]),
    ...(altNames.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(altNames)]),
  ];
}

async function authorityExtensions(
  publicKey: Awaited<ReturnType<typeof verifyingKey>>,
  below: number,
): Promise<Extensions> {
  return [
    new x509.BasicConstraintsExtension(true, below, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    await x509.SubjectKeyIdentifierExtension.create(publicKey, false, crypto),
  ];
}

/** 126 random bits; OpenSSL allows no serial number below 1, and the top bit would make it negative. */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function validity(wallMs: number, lifeMs: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(wallMs - Math.min(backdatedMs, lifeMs / 10)), notAfter: new Date(wallMs + lifeMs) };
}
