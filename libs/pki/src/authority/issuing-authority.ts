/** The authority inside a cluster-manager: read from files and kept as they are replaced; it issues to nodes, and to its own process. */
import { CatalogueError, type Log, messageOf } from '@wgcni/base';
import { type KeyObject, X509Certificate } from 'node:crypto';
import { credentialFlag, type CredentialPaths } from '../credential-paths.ts';
import { certificateDigest } from '../digests.ts';
import {
  checkCredentials,
  type Credentials,
  type CredentialTexts,
  isSameFound,
  readCredentialTexts,
} from '../credentials.ts';
import { formatIdentity, type Identity } from '../identity.ts';
import type { CredentialSource } from '../kept-credentials.ts';
import { ChangeListeners, lookAgain, type LookOptions } from '../kept-files.ts';
import { generateKeyPair } from '../key-pair.ts';
import { certificatesIn, pemOf } from '../pem.ts';
import { isRenewalDue } from '../renewal-due.ts';
import { Authority, subjectOf } from './authority.ts';
import { readCertificateRequest } from './certificate-request.ts';

export interface IssuingOptions extends LookOptions {
  /** Certificate and key of the authority, and those whose certificates are taken; `use` is `authority`. */
  paths: CredentialPaths;
  /** This process, to which it issues too. */
  own: Identity;
  /** Host names and addresses by which this process is dialled. */
  names: readonly string[];
  log: Log;
}

/** Of the certificate of this process: nobody else has the key, and it ends with the process. */
const ownLifeMs = 7 * 86_400_000;
const warnEveryMs = 3_600_000;

export class IssuingAuthority implements CredentialSource {
  readonly #options: IssuingOptions;
  readonly #listeners = new ChangeListeners();
  #authority: Authority;
  #current: Credentials;
  #trusted: string;
  /** What was found last, good or not, so that one change is told once. */
  #seen: CredentialTexts | string;

  /** Why the files as they were found last cannot be used. */
  #refused: string | undefined;
  /** When it was warned of last that a renewal is due and goes wrong; monotonic. */
  #warnedMs: number | undefined;

  private constructor(options: IssuingOptions, opened: Opened, texts: CredentialTexts) {
    this.#options = options;
    this.#authority = opened.authority;
    this.#current = opened.current;
    this.#trusted = opened.trusted;
    this.#seen = texts;
  }

  /** Reads the files once and issues to this process. Throws CatalogueError `config.invalid` that names the file and the remedy. */
  static async open(options: IssuingOptions): Promise<IssuingAuthority> {
    const texts = await readCredentialTexts(options.paths);
    const kept = new IssuingAuthority(options, await openAuthority(options, texts), texts);
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
    return this.#listeners.add(listener);
  }

  /** Looks at the files, and at the age of its own certificate, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await lookAgain(this.#options, signal, () => this.look());
  }

  /**
   * Takes over what has changed; what cannot be used is logged once, and the last good authority stays. Its own certificate, once due, comes from the
   * authority that it has, whatever the files hold: it may not end because of them.
   */
  async look(): Promise<void> {
    const { paths, clock, log } = this.#options;
    const found = await readCredentialTexts(paths).catch(messageOf);
    const isOther = !isSameFound(found, this.#seen);
    this.#seen = found;
    if (isOther) {
      const opened = typeof found === 'string' ? found : await openAuthority(this.#options, found).catch(messageOf);
      this.#refused = typeof opened === 'string' ? opened : undefined;
      if (typeof opened !== 'string') return this.#take(opened, 'authority.replaced');
      log.error({ use: paths.use, why: opened }, 'credentials.refused');
    }
    if (isRenewalDue(new X509Certificate(this.#current.cert), clock.wallMs())) await this.#renew();
  }

  async #renew(): Promise<void> {
    if (this.#refused !== undefined) this.#warn(this.#refused);
    const opened = { authority: this.#authority, trusted: this.#trusted };
    const current = await issueOwn(this.#options, opened).catch(messageOf);
    if (typeof current === 'string') this.#warn(current);
    else this.#take({ ...opened, current }, 'credentials.renewed');
  }

  #take({ authority, current, trusted }: Opened, event: string): void {
    this.#authority = authority;
    this.#current = current;
    this.#trusted = trusted;
    this.#tell(event);
    this.#listeners.tell();
  }

  /** Why a renewal that is due has no good files, or none at all; at most once an hour. */
  #warn(why: string): void {
    const { paths, clock, log } = this.#options;
    const nowMs = clock.monotonicMs();
    if (this.#warnedMs !== undefined && nowMs - this.#warnedMs < warnEveryMs) return;
    this.#warnedMs = nowMs;
    const { validToMs } = this.#current;
    log.warn({ use: paths.use, why, validTo: new Date(validToMs).toISOString() }, 'credentials.renewal-failed');
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
  /** PEM of those whose certificates are taken. */
  trusted: string;
}

async function openAuthority(options: IssuingOptions, texts: CredentialTexts): Promise<Opened> {
  const { paths } = options;
  const field = credentialFlag(paths.use, 'cert');
  const authority = await Authority.open(texts).catch((cause: unknown) => {
    throw new CatalogueError('config.invalid', `${field} ${paths.cert} cannot be used: ${messageOf(cause)}`, {
      field,
      remedy: 'give the files that `wgcni authority create` made',
      cause,
    });
  });
  const opened = { authority, trusted: texts.ca };
  const current = await issueOwn(options, opened);
  refuseUntrusted(options, opened);
  return { ...opened, current };
}

/** A newcomer is told whom to trust by the same file: without the authority itself it would trust nobody here. */
function refuseUntrusted({ paths }: IssuingOptions, { authority, trusted }: Omit<Opened, 'current'>): void {
  const { anchor } = authority.pathTo(trusted);
  if (certificatesIn(trusted).some((each) => each.raw.equals(anchor.raw))) return;
  const field = credentialFlag(paths.use, 'ca');
  const why = `does not hold ${anchor.subject}, by which what is issued here would be judged`;
  throw new CatalogueError('config.invalid', `${field} ${paths.ca} ${why}`, {
    field,
    remedy: `add the first certificate of ${paths.cert} to ${paths.ca}`,
  });
}

/** A new pair for this process. */
async function issueOwn(
  { paths, own, names, clock }: IssuingOptions,
  { authority, trusted }: Omit<Opened, 'current'>,
): Promise<Credentials> {
  const { key, publicKey } = generateKeyPair();
  const subject = subjectOf(own, names);
  const cert = await authority.issue({ subject, publicKey, lifeMs: ownLifeMs, wallMs: clock.wallMs() });
  // Where it ends too: a node that joins knows that by its digest alone, and looks for it here.
  const { between, anchor } = authority.pathTo(trusted);
  const chain = cert + [...between, anchor].map(pemOf).join('');
  const current = checkCredentials(paths, { cert: chain, key, ca: trusted });
  if (current.validToMs > clock.wallMs()) return current;
  throw new CatalogueError('config.invalid', 'a certificate that is issued now would be over at once', {
    remedy: 'set the clock of this machine',
  });
}
