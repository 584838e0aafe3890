/** A key is found in whatever form and place it stands, and nothing else is. */
import { randomBytes } from 'node:crypto';
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
});
