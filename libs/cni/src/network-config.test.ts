/** The configuration on stdin: decoding, version, name and our own keys. */
import { CatalogueError } from '@wgcni/base';
import { describe, expect, it } from 'vitest';
import { cniVersionOf, decodeDocument, parseNetworkConfig } from './network-config.ts';

const document = { cniVersion: '1.1.0', name: 'mesh', type: 'wireguard-cni' };

function codeOf(run: () => unknown): number {
  try {
    run();
  } catch (error) {
    if (error instanceof CatalogueError) return error.cni;
  }
  throw new Error('it was accepted');
}

describe('decodeDocument', () => {
  it.each(['{', '', '  \n', '[]', '"text"', 'null', '7'])('answers code 6 to %j', (text) => {
    expect(codeOf(() => decodeDocument(text))).toBe(6);
  });
});

describe('cniVersionOf', () => {
  it.each([{}, { cniVersion: '' }, { cniVersion: null }])('takes %j for 0.1.0', (given) => {
    expect(cniVersionOf(given)).toBe('0.1.0');
  });

  it.each(['9.9.9', '1.0', 'v1.0.0', 'toString'])('answers code 1 with the supported list to "%s"', (cniVersion) => {
    expect(codeOf(() => cniVersionOf({ cniVersion }))).toBe(1);
    expect(() => cniVersionOf({ cniVersion })).toThrow(
      expect.objectContaining({ remedy: 'use one of 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0' }),
    );
  });

  it('answers code 6 to a number', () => {
    expect(codeOf(() => cniVersionOf({ cniVersion: 1 }))).toBe(6);
  });
});

describe('parseNetworkConfig', () => {
  it('takes its keys from ipam when another plugin delegates to it', () => {
    const ipam = { type: 'wireguard-cni', socket: '/run/x.sock', timeoutMs: 5 };
    const config = parseNetworkConfig({ name: 'mesh', type: 'ptp', socket: 'not ours', ipam }, '1.0.0');
    expect(config).toMatchObject({ isDelegated: true, socket: '/run/x.sock', timeoutMs: 5 });
  });

  it('fills in what is not given', () => {
    expect(parseNetworkConfig(document, '1.1.0')).toEqual({
      cniVersion: '1.1.0',
      name: 'mesh',
      socket: '/run/wgcni/node-manager.sock',
      queueDir: '/var/lib/wgcni/queue',
      timeoutMs: 30_000,
      delTimeoutMs: 10_000,
      isDelegated: false,
      isGcForced: false,
      isStatusStrict: false,
      document,
    });
  });

  it('takes what is given', () => {
    const given = { socket: '/s', queueDir: '/q', timeoutMs: 1, delTimeoutMs: 2, gcForce: true, strictStatus: true };
    expect(parseNetworkConfig({ ...document, ...given }, '1.1.0')).toMatchObject({
      socket: '/s',
      queueDir: '/q',
      timeoutMs: 1,
      delTimeoutMs: 2,
      isGcForced: true,
      isStatusStrict: true,
    });
  });

  it.each([undefined, null, '', 7, '-x', 'a/b', 'a b', 'ä', 'x'.repeat(254)])('answers code 7 to name %j', (name) => {
    expect(codeOf(() => parseNetworkConfig({ ...document, name }, '1.1.0'))).toBe(7);
  });

  it.each([
    { socket: 'relative' },
    { socket: 7 },
    { socket: `/${'x'.repeat(107)}` },
    { queueDir: 'relative' },
    { queueDir: '/a\0b' },
    { timeoutMs: 0 },
    { timeoutMs: 1.5 },
    { timeoutMs: '30s' },
    { delTimeoutMs: 600_001 },
    { gcForce: 'yes' },
    { strictStatus: 1 },
    { cniVersions: '1.0.0' },
    { cniVersions: [1] },
  ])('answers code 7 to %j, naming the field', (given) => {
    const parse = (): unknown => parseNetworkConfig({ ...document, ...given }, '1.1.0');
    expect(codeOf(parse)).toBe(7);
    expect(parse).toThrow(Object.keys(given)[0]);
  });
});
