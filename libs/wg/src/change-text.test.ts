/** The words of `wg set`. */
import { describe, expect, it } from 'vitest';
import { changeText } from './change-text.ts';
import { parsePublicKey } from './key.ts';

const publicKey = parsePublicKey(`${'a'.repeat(42)}A=`);

describe('changeText', () => {
  it('names a removed peer and nothing else', () => {
    expect(changeText([{ kind: 'remove', publicKey }])).toEqual(['peer', publicKey, 'remove']);
  });

  it('writes every field of a new peer', () => {
    const peer = { publicKey, endpoint: '192.0.2.1:1', allowedIps: ['10.64.0.0/24', 'fd64::/64'], keepaliveSec: 25 };
    expect(changeText([{ kind: 'add', peer }]).join(' ')).toBe(
      `peer ${publicKey} endpoint 192.0.2.1:1 persistent-keepalive 25 allowed-ips 10.64.0.0/24,fd64::/64`,
    );
  });

  it('writes only the fields of an update, an empty list as an empty word', () => {
    expect(changeText([{ kind: 'update', publicKey, keepaliveSec: 0 }])).toEqual([
      'peer',
      publicKey,
      'persistent-keepalive',
      '0',
    ]);
    expect(changeText([{ kind: 'update', publicKey, allowedIps: [] }])).toEqual(['peer', publicKey, 'allowed-ips', '']);
  });
});
