/** Reading `wg show <device> dump`. */
import { describe, expect, it } from 'vitest';
import { parseDump } from './dump.ts';
import { systemKeys } from './key-generator.ts';

const own = systemKeys.generate();
const other = systemKeys.generate();
const line = (...fields: string[]) => `${fields.join('\t')}\n`;

describe('parseDump', () => {
  it('reads a device with peers', () => {
    const text =
      line(own.privateKey.reveal(), own.publicKey, '51820', 'off') +
      line(other.publicKey, '(none)', '[fd00::2]:51820', 'fd64::/64,10.64.0.0/24', '1700000000', '12', '34', '25') +
      line(own.publicKey, '(none)', '(none)', '(none)', '0', '0', '0', 'off');
    const dump = parseDump(text);
    expect(dump.privateKey?.reveal()).toBe(own.privateKey.reveal());
    expect(dump).toMatchObject({ publicKey: own.publicKey, listenPort: 51_820 });
    expect(dump.peers).toEqual([
      {
        publicKey: other.publicKey,
        endpoint: '[fd00::2]:51820',
        allowedIps: ['10.64.0.0/24', 'fd64::/64'],
        keepaliveSec: 25,
        latestHandshakeAt: 1_700_000_000,
        receivedBytes: 12,
        sentBytes: 34,
      },
      {
        publicKey: own.publicKey,
        endpoint: undefined,
        allowedIps: [],
        keepaliveSec: 0,
        latestHandshakeAt: 0,
        receivedBytes: 0,
        sentBytes: 0,
      },
    ]);
  });

  it('reads a device that was never configured', () => {
    const dump = parseDump(line('(none)', '(none)', '0', 'off'));
    expect(dump).toEqual({ privateKey: undefined, publicKey: undefined, listenPort: 0, peers: [] });
  });

  it.each([
    ['nothing', ''],
    ['too few fields', line(own.privateKey.reveal(), own.publicKey)],
    ['a port that is no number', line(own.privateKey.reveal(), own.publicKey, 'x', 'off')],
  ])('refuses %s without quoting the private key', (_, text) => {
    expect(() => parseDump(text)).toThrow(/could not be read/);
    try {
      parseDump(text);
    } catch (error) {
      expect(String(error)).not.toContain(own.privateKey.reveal());
    }
  });
});
