/** The authority inside a cluster-manager: read from files and kept as they are replaced; it issues to nodes, and to its own process. */
import { CatalogueError, type Clock, type Log, messageOf } from '@wgcni/base';
import { type KeyObject, X509Certificate } from 'node:crypto';
import { credentialFlag, type CredentialPaths } from '../credential-paths.ts';
import { certificateDigest } from '../digests.ts';
import { checkCredentials, type Credentials, type CredentialTexts, readCredentialTexts } from '../credentials.ts';
import { formatIdentity, type Identity } from '../identity.ts';
import type { CredentialSource } from '../kept-credentials.ts';
import { generateKeyPair } from '../key-pair.ts';
import { pemOf } from '../pem.ts';
import { isRenewalDue } from '../renewal-due.ts';
import { Authority, subjectOf } from './authority.ts';
import { readCertificateRequest } from './certificate-request.ts';

export interface IssuingOptions {
  /** Certificate and key of the authority, and those whose certificates are taken; `use` is `authority`. */
  paths: CredentialPaths;
  /** This process, to which it issues too. */
  own: Identity;
  /** Host names and addresses by which this process is dialled. */
  names: readonly string[];
  clock: Clock;
  log: Log;
  /** Milliseconds between two looks at the files (default 10,000). */
  everyMs?: number;
}

/** Of the certificate of this process: nobody else has the key, and it ends with the process. */
const ownLifeMs = 7 * 86_400_000;

export class IssuingAuthority implements CredentialSource {
  readonly #options: IssuingOptions;
  readonly #listeners = new Set<() => void>();
  #authority: Authority;
  #current: Credentials;
  #trusted: string;
  /** What was found last, good or not, so that one change is told once. */
  #seen: CredentialTexts | string;

  private constructor(options: IssuingOptions, opened: Opened) {
    this.#options = options;
    this.#authority = opened.authority;
    this.#current = opened.current;
    this.#trusted = opened.texts.ca;
    this.#seen = opened.texts;
  }

  /** Reads the files once and issues to this process. Throws CatalogueError `config.invalid` that names the file and the remedy. */
  static async open(options: IssuingOptions): Promise<IssuingAuthority> {
    const kept = new IssuingAuthority(options, await openAuthority(options, await readCredentialTexts(options.paths)));
    kept.#tell('authority.read');
    return kept;
  }

  /** What this process shows. */
  get current(): Credentials {
    return this.#current;
  }

  get authority(): Authority {
    return this.#authority;
  }

  /** SHA-256 of the authority by which a newcomer knows this process: where the chain ends that it shows. */
  get anchor(): string {
    return certificateDigest(this.#authority.pathTo(this.#trusted).anchor);
  }

  /** PEM of the authorities whose certificates are taken here: what nodes are told to trust. */
  get trusted(): string {
    return this.#trusted;
  }

  /** The public key of a certificate request. Throws CatalogueError `request.invalid`. */
  keyOf(request: string): Promise<KeyObject> {
    return readCertificateRequest(request);
  }

  /** PEM of a new certificate with what stands between it and an authority, and of the authorities to trust. */
  async issue(
    to: Identity,
    publicKey: KeyObject,
    lifeMs: number,
  ): Promise<{ certificate: string; authorities: string }> {
    const authority = this.#authority;
    const issuing = { subject: subjectOf(to), publicKey, lifeMs, wallMs: this.#options.clock.wallMs() };
    const between = authority.pathTo(this.#trusted).between.map(pemOf).join('');
    return { certificate: (await authority.issue(issuing)) + between, authorities: this.#trusted };
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Looks at the files, and at the age of its own certificate, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, everyMs = 10_000 } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(everyMs, signal).catch(() => undefined);
      if (!signal.aborted) await this.look();
    }
  }

  /** Takes over what has changed; what cannot be used is logged once, and the last good authority stays. */
  async look(): Promise<void> {
    const { paths, clock, log } = this.#options;
    const found = await readCredentialTexts(paths).catch(messageOf);
    const isOther = !isSame(found, this.#seen);
    this.#seen = found;
    if (typeof found === 'string') {
      if (isOther) log.error({ use: paths.use, why: found }, 'credentials.refused');
      return;
    }
    if (!isOther && !isRenewalDue(new X509Certificate(this.#current.cert), clock.wallMs())) return;
    const opened = await openAuthority(this.#options, found).catch(messageOf);
    if (typeof opened === 'string') {
      if (isOther) log.error({ use: paths.use, why: opened }, 'credentials.refused');
      return;
    }
    this.#authority = opened.authority;
    this.#current = opened.current;
    this.#trusted = found.ca;
    this.#tell(isOther ? 'authority.replaced' : 'credentials.renewed');
    for (const listener of this.#listeners) listener();
  }

  #tell(event: string): void {
    const { own, log } = this.#options;
    const validTo = new Date(this.#current.validToMs).toISOString();
    log.info({ identity: formatIdentity(own), authority: this.#authority.digest, validTo }, event);
  }
}

interface Opened {
  authority: Authority;
  current: Credentials;
  texts: CredentialTexts;
}

async function openAuthority({ paths, own, names, clock }: IssuingOptions, texts: CredentialTexts): Promise<Opened> {
  const field = credentialFlag(paths.use, 'cert');
  const authority = await Authority.open(texts).catch((cause: unknown) => {
    throw new CatalogueError('config.invalid', `${field} ${paths.cert} cannot be used: ${messageOf(cause)}`, {
      field,
      remedy: 'give the files that `wgcni authority create` made',
      cause,
    });
  });
  const { key, publicKey } = generateKeyPair();
  const subject = subjectOf(own, names);
  const cert = await authority.issue({ subject, publicKey, lifeMs: ownLifeMs, wallMs: clock.wallMs() });
  // Where it ends too: a node that joins knows that by its digest alone, and looks for it here.
  const { between, anchor } = authority.pathTo(texts.ca);
  const chain = cert + [...between, anchor].map(pemOf).join('');
  return { authority, current: checkCredentials(paths, { cert: chain, key, ca: texts.ca }), texts };
}

function isSame(one: CredentialTexts | string, other: CredentialTexts | string): boolean {
  if (typeof one === 'string' || typeof other === 'string') return one === other;
  return one.cert === other.cert && one.ca === other.ca && one.key.reveal() === other.key.reveal();
}
