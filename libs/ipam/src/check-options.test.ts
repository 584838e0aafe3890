/** The options of a network: what was not said is the default, what cannot be or contradicts itself is refused by its values. */
import { describe, expect, it } from 'vitest';
import { checkOptions } from './check-options.ts';
import { type NetworkOptions, optionsOf, saidOptions } from './network-options.ts';
import { parsePool } from './pool.ts';
import type { Rule } from './rule.ts';

const pools = ['10.64.0.0/12:24', 'fd64::/48:64'].map((text) => parsePool(text));
const rule: Rule = { name: 'web', from: ['any'], to: ['containers'], protocol: 'tcp', ports: ['80'] };
const blocks = Array.from({ length: 64 }, (_, index) => `10.${index}.0.0/16`);
const ports = Array.from({ length: 64 }, (_, index) => `${1 + 2 * index}`);
const rulesOf = (count: number, more: Partial<Rule>): Rule[] =>
  Array.from({ length: count }, (_, index) => ({ ...rule, name: `r${index}`, ...more }));

describe('the options of a network', () => {
  it('are the defaults where its record says nothing, and nothing else of the record', () => {
    const record = { networkId: 'x', isolation: 'isolated' as const };
    expect(optionsOf(record)).toEqual({
      clientPools: [],
      masquerade: { mode: 'auto', except: [] },
      isolation: 'isolated',
      rules: [],
      direct: 'off',
      link: 'wireguard',
    });
    expect(saidOptions(record)).toEqual({ isolation: 'isolated' });
  });

  it('are taken in canonical text, and only those that are said', () => {
    const said: Partial<NetworkOptions> = {
      clientPools: ['10.200.0.0/16', 'FD65::/64'],
      masquerade: { mode: 'on', except: ['192.168.0.0/16', 'FD00:0::/32', 'fd00::/32'] },
      rules: [{ ...rule, from: ['FD64:0::/48'] }],
    };
    expect(checkOptions(said, pools)).toEqual({
      clientPools: ['10.200.0.0/16', 'fd65::/64'],
      masquerade: { mode: 'on', except: ['192.168.0.0/16', 'fd00::/32'] },
      rules: [{ ...rule, from: ['fd64::/48'] }],
    });
  });

  it.each<[string, Partial<NetworkOptions>, string, RegExp]>([
    [
      'direct peers past rules',
      { direct: 'node', isolation: 'isolated' },
      'network.contradictory',
      /direct node .*isolated/,
    ],
    ['direct peers on veth', { direct: 'node', link: 'veth' }, 'network.contradictory', /direct node .*veth/],
    ['a client pool inside a pool', { clientPools: ['10.65.0.0/16'] }, 'pool.overlap', /10.65.0.0\/16 .*10.64.0.0\/12/],
    ['a client pool around a pool', { clientPools: ['fd00::/8'] }, 'pool.overlap', /fd00::\/8 .*fd64::\/48/],
    ['two client pools of a family', { clientPools: ['10.1.0.0/16', '10.2.0.0/16'] }, 'request.invalid', /10.1.*10.2/],
    ['a client pool of loopback', { clientPools: ['127.0.0.0/8'] }, 'request.invalid', /loopback/],
    ['a client pool of one address', { clientPools: ['10.1.0.1/32'] }, 'request.invalid', /10.1.0.1\/32/],
    ['a client pool with host bits', { clientPools: ['10.1.0.1/24'] }, 'request.invalid', /10.1.0.1\/24/],
    ['an exception that is no block', { masquerade: { mode: 'on', except: ['x'] } }, 'request.invalid', /"x"/],
    ['a rule that cannot be', { rules: [{ ...rule, ports: ['x'] }] }, 'request.invalid', /rule web: ports/],
    ['two rules of one name', { rules: [rule, rule] }, 'request.invalid', /two rules are named web/],
    ['too many rules', { rules: Array.from({ length: 1_001 }, () => rule) }, 'request.invalid', /1001 rules/],
    [
      'more blocks than a node can write',
      { rules: rulesOf(257, { from: blocks }) },
      'request.invalid',
      /16448 .*16384/,
    ],
    ['more ports than a node can write', { rules: rulesOf(129, { ports }) }, 'request.invalid', /8256 ports.*8192/],
  ])('are refused with %s, by both values and with the remedy', (_, said, code, message) => {
    const error = { code, message: expect.stringMatching(message) as unknown, remedy: expect.any(String) as unknown };
    expect(() => checkOptions(said, pools)).toThrow(expect.objectContaining(error));
  });

  it('hold as many blocks and ports as a node can write', () => {
    expect(() => checkOptions({ rules: rulesOf(256, { from: blocks }) }, pools)).not.toThrow();
    expect(() => checkOptions({ rules: rulesOf(128, { ports }) }, pools)).not.toThrow();
  });

  it('go together otherwise', () => {
    for (const said of [
      { direct: 'node' as const, isolation: 'open' as const, link: 'wireguard' as const },
      { isolation: 'isolated' as const, link: 'veth' as const },
      { direct: 'off' as const, isolation: 'isolated' as const },
    ])
      expect(checkOptions(said, pools)).toEqual(said);
  });
});
