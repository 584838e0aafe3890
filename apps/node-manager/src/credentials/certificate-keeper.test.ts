/** A certificate is renewed in time, when another authority issues, and again after what failed; with the key that it has. */
import { createPublicKey } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Certificate, CertificateInput } from '@wgcni/api';
import { type Log, silentLog } from '@wgcni/base';
import { generateKeyPair, type KeyPair, KeptCredentials, publicKeyDigest } from '@wgcni/pki';
import { Authority, readCertificateRequest, subjectOf } from '@wgcni/pki/authority';
import { ManualClock } from '@wgcni/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CertificateKeeper } from './certificate-keeper.ts';

const hourMs = 3_600_000;
const own = { kind: 'node' as const, cluster: 'main', nodeId: 'n1' };

/** Tells whether the one who lives by it is asleep. */
class ClockOfOne extends ManualClock {
  asleep = 0;
  #aheadMs = 0;

  moveWall(byMs: number): void {
    this.#aheadMs += byMs;
  }

  override wallMs(): number {
    return super.wallMs() + this.#aheadMs;
  }

  override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.asleep += 1;
    try {
      await super.sleep(ms, signal);
    } finally {
      this.asleep -= 1;
    }
  }
}

describe('the certificate of a node', () => {
  let dir: string;
  let clock: ClockOfOne;
  let authority: Authority;
  let key: KeyPair;
  let keeper: CertificateKeeper;
  let stop: AbortController;
  let running: Promise<unknown>;
  /** Digests of the keys for which it was renewed. */
  let renewals: string[];
  let failure: Error | undefined;
  /** Authorities that are answered, when they are not those of the issuer. */
  let told: string | undefined;
  /** How far the clock of whoever issues is behind that of the node. */
  let behindMs: number;
  let lifeMs: number;
  let events: string[];
  const paths = () => ({ use: 'tls' as const, cert: join(dir, 'c'), key: join(dir, 'k'), ca: join(dir, 'a') });
  const issue = (): Promise<string> =>
    authority.issue({
      ...{ subject: subjectOf(own), publicKey: createPublicKey(key.key.reveal()), lifeMs },
      wallMs: clock.wallMs() - behindMs,
    });

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'wgcni-keeper-'));
    clock = new ClockOfOne(Date.now());
    [renewals, events, failure] = [[], [], undefined];
    [told, behindMs, lifeMs] = [undefined, 0, 7 * hourMs];
    authority = await Authority.open(await Authority.create('main', clock.wallMs()));
    key = generateKeyPair();
    await writeFile(paths().key, key.key.reveal(), { mode: 0o600 });
    await writeFile(paths().cert, await issue());
    await writeFile(paths().ca, authority.trusted);
    const note = (_: object, event: string): void => void events.push(event);
    const log: Log = { ...silentLog, info: note, warn: note };
    const credentials = await KeptCredentials.open({ paths: paths(), clock, log: silentLog });
    const manager = {
      renewCertificate: async (_: string, { request }: CertificateInput): Promise<Certificate> => {
        if (failure !== undefined) throw failure;
        renewals.push(publicKeyDigest(await readCertificateRequest(request)));
        return { certificate: await issue(), authorities: told ?? authority.trusted };
      },
    };
    const random = { bytes: (count: number) => new Uint8Array(count), unit: () => 0.5 };
    keeper = new CertificateKeeper({ own, credentials, manager, clock, random, log });
    stop = new AbortController();
    running = keeper.run(stop.signal).catch(() => undefined);
  });
  afterEach(async () => {
    stop.abort();
    await running;
    await rm(dir, { recursive: true });
  });

  /** Moves on step by step; each is over when the keeper sleeps again, however long its disk takes. */
  async function pass(ms: number): Promise<void> {
    const stepMs = Math.max(10_000, ms / 20);
    for (let passed = 0; passed < ms; passed += stepMs) {
      await clock.advance(stepMs);
      while (clock.asleep === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  it('stays until two thirds of its life, and is renewed then with its own key', async () => {
    await pass(4 * hourMs);
    expect(renewals).toEqual([]);
    await pass(hourMs);
    expect(renewals).toEqual([publicKeyDigest(key.publicKey)]);
    expect(await readFile(paths().key, 'utf8')).toBe(key.key.reveal());
    expect(events).toEqual(['certificate.renewed']);
  });

  it('is renewed within a TTL when another authority issues, once for it', async () => {
    keeper.noteIssuer(authority.digest, 30);
    await pass(60_000);
    expect(renewals).toEqual([]);
    const before = authority;
    authority = await Authority.open(await Authority.create('main', clock.wallMs()));
    keeper.noteIssuer(authority.digest, 30);
    await pass(60_000);
    expect(renewals).toHaveLength(1);
    expect(await readFile(paths().ca, 'utf8')).toBe(authority.trusted);
    // A manager that has not gone over yet says otherwise: that is no reason to go back and forth.
    keeper.noteIssuer(before.digest, 30);
    await pass(120_000);
    expect(renewals).toHaveLength(1);
  });

  it('is tried again after a failure, ever more slowly, and stays as it is meanwhile', async () => {
    failure = new Error('nobody answers');
    const before = await readFile(paths().cert, 'utf8');
    await pass(6 * hourMs);
    expect(events.every((event) => event === 'certificate.not-renewed')).toBe(true);
    expect(events.length).toBeGreaterThan(2);
    expect(await readFile(paths().cert, 'utf8')).toBe(before);
    failure = undefined;
    await pass(hourMs);
    expect(renewals.length).toBeGreaterThan(0);
  });

  it('is not renewed at every look where the clock is ahead by most of its life', async () => {
    behindMs = 6 * hourMs;
    await pass(5 * hourMs);
    const before = renewals.length;
    await pass(200_000);
    expect(renewals.length - before).toBeLessThanOrEqual(1);
    await pass(700_000);
    expect(renewals.length - before).toBeGreaterThanOrEqual(2);
  });

  it('that was renewed a moment ago is renewed again when the clock has moved on since', async () => {
    await pass(5 * hourMs);
    expect(renewals).toHaveLength(1);
    clock.moveWall(6 * hourMs);
    await pass(20_000);
    expect(renewals).toHaveLength(2);
  });

  it('that lives briefly is tried for more often than every five minutes', async () => {
    lifeMs = 1_200_000;
    await pass(5 * hourMs);
    failure = new Error('nobody answers');
    await pass(2_400_000);
    events = [];
    await pass(600_000);
    const failures = events.filter((event) => event === 'certificate.not-renewed');
    expect(failures.length).toBeGreaterThan(5);
  });

  it('stays when what is answered leads to no authority that was answered with it', async () => {
    told = (await Authority.open(await Authority.create('main', clock.wallMs()))).trusted;
    const read = () => Promise.all([paths().cert, paths().ca].map((path) => readFile(path, 'utf8')));
    const before = await read();
    await pass(5 * hourMs);
    await pass(600_000);
    expect(renewals.length).toBeGreaterThan(0);
    expect(new Set(events)).toEqual(new Set(['certificate.not-renewed']));
    expect(await read()).toEqual(before);
  });
});
