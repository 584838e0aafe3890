/** A rule: taken in canonical text, or refused by the word that is wrong and with what to write instead. */
import { describe, expect, it } from 'vitest';
import { checkRule, type Rule, tryParsePorts } from './rule.ts';

const rule: Rule = { name: 'web', from: ['clients'], to: ['10.64.3.0/24'], protocol: 'tcp', ports: ['80'] };

describe('a rule', () => {
  it('is taken in canonical text', () => {
    const given: Rule = { ...rule, from: ['any', 'FD64:0::/48'], to: ['node', 'nodes'], ports: ['80', '8000-8100'] };
    expect(checkRule(given)).toEqual({ ...given, from: ['any', 'fd64::/48'] });
    expect(checkRule({ ...rule, protocol: 'icmp', ports: [] }).protocol).toBe('icmp');
  });

  it.each<[string, Partial<Rule>, RegExp]>([
    ['a name with a blank', { name: 'a b' }, /rule a b: name: "a b"/],
    ['a source that is no block', { from: ['10.64.3.1/24'] }, /rule web: from: "10.64.3.1\/24"/],
    ['the services of a node as a source', { from: ['node'] }, /from: "node"/],
    ['nobody as a destination', { to: [] }, /to: it names nobody/],
    ['no port', { ports: ['0'] }, /ports: "0"/],
    ['a range that runs backwards', { ports: ['90-80'] }, /ports: "90-80"/],
    ['a port beyond the last', { ports: ['65536'] }, /ports: "65536"/],
    ['ports of a protocol that has none', { protocol: 'icmp' }, /protocol icmp has no ports, and 80 is named/],
    ['ports of any protocol', { protocol: 'any' }, /protocol any has no ports/],
    ['blocks of two families', { from: ['fd64::/48'] }, /fd64::\/48 and 10.64.3.0\/24 are of different families/],
  ])('is refused with %s, which is named', (_, change, message) => {
    expect(() => checkRule({ ...rule, ...change })).toThrow(
      expect.objectContaining({
        code: 'request.invalid',
        field: expect.stringMatching(/^(name|from|to|ports)$/) as unknown,
        message: expect.stringMatching(message) as unknown,
        remedy: expect.any(String) as unknown,
      }),
    );
  });
});

describe('ports', () => {
  it('are one or a range, both ends among them', () => {
    expect(tryParsePorts('443')).toEqual({ first: 443, last: 443 });
    expect(tryParsePorts('1-65535')).toEqual({ first: 1, last: 65_535 });
  });
});
