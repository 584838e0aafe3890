/** What URLs and resolved names lead to. */
import { formatAddress } from '@wgcni/ipam';
import { describe, expect, it } from 'vitest';
import { controlPlaneOf, hostNamesIn } from './servers.ts';

const shown = (urls: string[], names: Record<string, string[]> = {}) => {
  const { ports, endpoints } = controlPlaneOf(urls, new Map(Object.entries(names)));
  return { ports, endpoints: endpoints.map(({ address, port }) => `${formatAddress(address)} ${port}`) };
};

describe('the control plane of a few URLs', () => {
  it('is their addresses and ports, of both families', () => {
    expect(shown(['http://192.0.2.1:2379', 'https://[2001:db8:0::1]:7001'])).toEqual({
      ports: [2379, 7001],
      endpoints: ['192.0.2.1 2379', '2001:db8::1 7001'],
    });
  });

  it('has the usual port where a URL says none', () => {
    expect(shown(['https://192.0.2.1', 'http://192.0.2.2'])).toEqual({
      ports: [80, 443],
      endpoints: ['192.0.2.1 443', '192.0.2.2 80'],
    });
  });

  it('has every address of a name, once, and the same text for any order of them', () => {
    const urls = ['https://m.example:7001', 'https://192.0.2.7:7001'];
    const wanted = { ports: [7001], endpoints: ['192.0.2.7 7001', '192.0.2.8 7001', '2001:db8::8 7001'] };
    expect(shown(urls, { 'm.example': ['192.0.2.7', '192.0.2.8', '2001:db8::8'] })).toEqual(wanted);
    expect(shown(urls.toReversed(), { 'm.example': ['2001:db8::8', '192.0.2.8', '192.0.2.7'] })).toEqual(wanted);
  });

  it('knows the port of a name that was never resolved', () => {
    expect(shown(['https://m.example:7001'])).toEqual({ ports: [7001], endpoints: [] });
  });

  it('names what has to be resolved, each once', () => {
    const urls = [
      'https://m.example:7001',
      'https://[2001:db8::1]:7001',
      'http://m.example:2379',
      'http://192.0.2.1:1',
    ];
    expect(hostNamesIn(urls)).toEqual(['m.example']);
  });
});
