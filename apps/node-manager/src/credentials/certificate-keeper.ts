/** Keeps the certificate of a node that joined alive: renewed at two thirds of its life, and when another authority issues. */
import type { ManagerClient } from '@wgcni/api';
import { backoffMs, type Clock, type Log, messageOf, type Random, replaceFile } from '@wgcni/base';
import { certificateDigest, certificatesIn, type Identity, isRenewalDue, type KeptCredentials } from '@wgcni/pki';
import { X509Certificate } from 'node:crypto';
import { checkAnswer } from './check-answer.ts';

export interface CertificateKeeperDeps {
  own: Identity & { kind: 'node' };
  credentials: Pick<KeptCredentials, 'current' | 'look' | 'paths'>;
  manager: Pick<ManagerClient, 'renewCertificate'>;
  clock: Clock;
  random: Random;
  log: Log;
  /** Milliseconds between two looks at the clock (default 10,000). */
  everyMs?: number;
}

const firstRetryMs = 5_000;
const longestRetryMs = 300_000;
/**
 * Not renewed again sooner, for whatever reason: while managers go over one by one, some still issue from the authority before; and where the clock is ahead
 * of theirs, a new certificate may look old from the beginning.
 */
const betweenRenewalsMs = 300_000;

export class CertificateKeeper {
  readonly #deps: CertificateKeeperDeps;
  #issuer: string | null = null;
  #spreadMs = 0;
  /** Whether what was issued last was due again at once: the clocks differ then, and the next would be too. */
  #isBornDue = false;
  #renewedAt = Number.NEGATIVE_INFINITY;

  constructor(deps: CertificateKeeperDeps) {
    this.#deps = deps;
  }

  /**
   * Which authority issues now, as the answer to a renewal of the registration says; null when none does. All nodes hear of it within one TTL, and come
   * within the next.
   */
  noteIssuer(digest: string | null, ttlSec: number): void {
    this.#issuer = digest;
    this.#spreadMs = ttlSec * 1_000;
  }

  /** Looks until the signal aborts. What is refused is tried again: an outage, or a clock, may be the reason. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, log, everyMs = 10_000 } = this.#deps;
    for (let failures = 0; ;) {
      await clock.sleep(failures === 0 ? everyMs : backoffMs(failures - 1, this.#retries(), random), signal);
      const why = this.#whyDue();
      if (why === undefined) continue;
      if (why === 'issuer' && failures === 0) await clock.sleep(random.unit() * this.#spreadMs, signal);
      try {
        await this.#renew(signal);
        failures = 0;
        this.#renewedAt = clock.monotonicMs();
        this.#isBornDue = isRenewalDue(new X509Certificate(this.#deps.credentials.current.cert), clock.wallMs());
      } catch (error) {
        signal.throwIfAborted();
        failures += 1;
        log.warn({ why: messageOf(error), validTo: this.#validTo() }, 'certificate.not-renewed');
      }
    }
  }

  /** A certificate that lives briefly is tried for often enough. */
  #retries(): { firstMs: number; maxMs: number } {
    const { validFromMs, validToMs } = this.#deps.credentials.current;
    return { firstMs: firstRetryMs, maxMs: Math.min(longestRetryMs, (validToMs - validFromMs) / 20) };
  }

  #whyDue(): 'age' | 'issuer' | undefined {
    const { credentials, clock } = this.#deps;
    const isRecent = clock.monotonicMs() - this.#renewedAt < betweenRenewalsMs;
    const own = new X509Certificate(credentials.current.cert);
    if (isRenewalDue(own, clock.wallMs())) return isRecent && this.#isBornDue ? undefined : 'age';
    if (this.#issuer === null || isRecent) return undefined;
    return isIssuedBy(own, credentials.current.ca, this.#issuer) ? undefined : 'issuer';
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { own, credentials, manager, log } = this.#deps;
    const { paths } = credentials;
    const { makeCertificateRequest } = await import('@wgcni/pki/authority');
    const { key } = credentials.current;
    const request = await makeCertificateRequest(key);
    const answer = await manager.renewCertificate(own.nodeId, { request }, signal);
    checkAnswer(own, paths, key, answer);
    // ORDER: whom to trust first: with a certificate of the new authority but not its own, this node would refuse its managers.
    await replaceFile(paths.ca, answer.authorities);
    await replaceFile(paths.cert, answer.certificate);
    await credentials.look();
    log.info({ nodeId: own.nodeId, validTo: this.#validTo() }, 'certificate.renewed');
  }

  #validTo(): string {
    return new Date(this.#deps.credentials.current.validToMs).toISOString();
  }
}

function isIssuedBy(certificate: X509Certificate, authorities: string, digest: string): boolean {
  const authority = certificatesIn(authorities).find((each) => certificateDigest(each) === digest);
  return authority !== undefined && certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}
