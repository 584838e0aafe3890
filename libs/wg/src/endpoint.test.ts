/** Endpoint texts, and the choice among several. */
import type { Family } from '@wgcni/ipam';
import { describe, expect, it } from 'vitest';
import { chooseEndpoint, endpointPatienceMs, formatEndpoint, parseEndpoint, tryParseEndpoint } from './endpoint.ts';

const both = new Set<Family>([4, 6]);
const published = ['[2001:db8::1]:51820', '192.0.2.1:51820', '198.51.100.1:51820'];

describe('parseEndpoint', () => {
  it.each([
    ['192.0.2.1:51820', '192.0.2.1:51820'],
    ['[2001:DB8:0::1]:1', '[2001:db8::1]:1'],
  ])('reads %s and writes it in canonical form', (text, canonical) => {
    expect(formatEndpoint(parseEndpoint(text))).toBe(canonical);
  });

  it.each([
    '192.0.2.1',
    '192.0.2.1:0',
    '192.0.2.1:65536',
    '192.0.2.1:051820',
    'node-1.example:51820',
    '2001:db8::1:51820',
    '[192.0.2.1]:51820',
    '[2001:db8::1]',
    '',
  ])('refuses "%s"', (text) => {
    expect(tryParseEndpoint(text)).toBeUndefined();
    expect(() => parseEndpoint(text, 'endpoints/0')).toThrow(`endpoints/0 "${text}"`);
  });
});

describe('chooseEndpoint', () => {
  it('takes the first of a family that has a route', () => {
    const unused = { current: undefined, withoutHandshakeMs: 0 };
    expect(chooseEndpoint(published, both, unused)).toBe(published[0]);
    expect(chooseEndpoint(published, new Set<Family>([4]), unused)).toBe(published[1]);
  });

  it('has none when no family has a route or none is an endpoint', () => {
    const unused = { current: undefined, withoutHandshakeMs: 0 };
    expect(chooseEndpoint(published, new Set(), unused)).toBeUndefined();
    expect(chooseEndpoint(['nonsense'], both, unused)).toBeUndefined();
  });

  it('keeps the one in use while it is young or answers', () => {
    const trial = { current: published[1], withoutHandshakeMs: endpointPatienceMs - 1 };
    expect(chooseEndpoint(published, both, trial)).toBe(published[1]);
  });

  it('goes on to the next after 15 seconds of silence, and round again', () => {
    const silent = (current: string | undefined) => ({ current, withoutHandshakeMs: endpointPatienceMs });
    expect(chooseEndpoint(published, both, silent(published[0]))).toBe(published[1]);
    expect(chooseEndpoint(published, both, silent(published[2]))).toBe(published[0]);
    expect(chooseEndpoint(published, new Set<Family>([6]), silent(published[0]))).toBe(published[0]);
  });

  it('drops one that is no longer published', () => {
    expect(chooseEndpoint(published, both, { current: '203.0.113.9:1', withoutHandshakeMs: 0 })).toBe(published[0]);
  });
});
