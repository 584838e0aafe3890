/** The flags of `wgcni network set` and `wgcni rule set`. */
import { describe, expect, it } from 'vitest';
import { networkPatch, ruleInput } from './network-patch.ts';

const none = { masqueradeExcept: [], clientPool: [] };

describe('wgcni network set', () => {
  it('says what is said, and nothing of the rest', () => {
    expect(networkPatch({ ...none, mtu: '1380' })).toEqual({ mtu: 1_380 });
    expect(networkPatch({ ...none, masquerade: 'off', link: 'veth' })).toEqual({
      masquerade: { mode: 'off' },
      link: 'veth',
    });
    expect(networkPatch({ ...none, isolation: 'isolated', direct: 'off' })).toEqual({
      ...{ isolation: 'isolated', direct: 'off' },
    });
  });

  it('takes lists whole, repeated or separated by commas, and none for an empty one', () => {
    const flags = { masqueradeExcept: ['192.168.0.0/16,10.0.0.0/8', 'fd00::/8'], clientPool: ['none'] };
    expect(networkPatch(flags)).toEqual({
      masquerade: { except: ['192.168.0.0/16', '10.0.0.0/8', 'fd00::/8'] },
      clientPools: [],
    });
  });

  it('refuses to set nothing, and an MTU that is no number', () => {
    expect(() => networkPatch(none)).toThrow('nothing is to be set');
    expect(() => networkPatch({ ...none, mtu: '14k' })).toThrow('--mtu "14k"');
  });
});

describe('wgcni rule set', () => {
  it('takes lists repeated or separated by commas', () => {
    expect(
      ruleInput({ from: ['clients,nodes'], to: ['10.64.3.0/24', 'node'], protocol: 'tcp', ports: ['80,443'] }),
    ).toEqual({
      ...{ from: ['clients', 'nodes'], to: ['10.64.3.0/24', 'node'], protocol: 'tcp', ports: ['80', '443'] },
    });
    expect(ruleInput({ from: ['any'], to: ['any'], ports: [] })).toEqual({ from: ['any'], to: ['any'], ports: [] });
  });
});
