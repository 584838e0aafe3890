/** A key is found in whatever form and place it stands, and nothing else is. */
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { KnownKeys } from './known-keys.ts';

const raw = Array.from({ length: 200 }, () => randomBytes(32));
const keys = new KnownKeys();
for (const bytes of raw) keys.learn(`${bytes.toString('base64')}\n`);

describe('a known key', () => {
  it.each<[string, (bytes: Buffer) => string]>([
    ['as wg prints it', (bytes) => bytes.toString('base64')],
    ['without its padding', (bytes) => bytes.toString('base64').slice(0, -1)],
    ['in the alphabet of URLs', (bytes) => bytes.toString('base64url')],
    ['in hexadecimal', (bytes) => bytes.toString('hex')],
    ['in large hexadecimal', (bytes) => bytes.toString('hex').toUpperCase()],
    ['as its bytes', (bytes) => bytes.toString('latin1')],
  ])('is found %s, at the beginning, in the middle and at the end', (_how, form) => {
    for (const bytes of raw) {
      for (const text of [`${form(bytes)} and more`, `{"a":"x${form(bytes)}y"}`, `abc=${form(bytes)}`])
        expect(keys.standIn(text)).toBe(true);
    }
  });

  it('is not found in its public half, in a part of it, or in other keys', () => {
    const others = Array.from({ length: 2_000 }, () => randomBytes(32).toString('base64')).join('\n');
    expect(keys.standIn(others)).toBe(false);
    expect(keys.standIn(raw[0]?.toString('base64').slice(0, 40) ?? '')).toBe(false);
    expect(keys.standIn('')).toBe(false);
  });

  it('is learnt once, and only as what it is', () => {
    expect(keys.size).toBe(200);
    expect(keys.learn(raw[0]?.toString('base64') ?? '')).toBe(false);
    expect(keys.learn('(none)')).toBe(false);
    expect(keys.size).toBe(200);
  });

  it('of a certificate is found in its PEM, also in a line of JSON, and as its bytes', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const known = new KnownKeys();
    expect([known.learnPem(pem), known.learnPem(pem)]).toEqual([true, false]);
    const der = privateKey.export({ type: 'pkcs8', format: 'der' });
    for (const text of [
      pem,
      JSON.stringify({ pem }),
      der.toString('latin1'),
      der.toString('hex'),
      pem.split('\n')[2] ?? '',
    ])
      expect(known.standIn(`before ${text} after`)).toBe(true);
    expect(known.standIn(createPublicKey(pem).export({ type: 'spki', format: 'pem' }) as string)).toBe(false);
  });

  it('of a token is found without the rest of its word', () => {
    const known = new KnownKeys();
    const secret = randomBytes(32).toString('base64url');
    expect(known.learnToken(`wgcni-join.1.0011223344556677.${secret}.${'ab'.repeat(32)}\n`)).toBe(true);
    expect(known.standIn(`Bearer 0011223344556677.${secret}`)).toBe(true);
    expect(known.standIn(`wgcni-join.1.0011223344556677..${'ab'.repeat(32)}`)).toBe(false);
  });
});
