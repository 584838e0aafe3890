/** What `wgcni network restore` reads of a node's view. */
import { describe, expect, it } from 'vitest';
import { storedNetwork } from './stored-network.ts';

const network = {
  networkId: '0123456789abcdef0123456789abcdef',
  pools: [{ cidr: '10.64.0.0/12', prefixLength: 24 }],
  mtu: 1_420,
  keepaliveSec: 25,
  registrationTtlSec: 30,
  holdDownSec: 86_400,
};

describe('the network in a stored view', () => {
  it('is what the node knew, with its id', () => {
    expect(storedNetwork(JSON.stringify({ schema: 1, network, nodes: [] }), 'view.json')).toEqual(network);
  });

  it('has its options, where the node knew them', () => {
    const known = { ...network, clientPools: ['10.200.0.0/16'], isolation: 'isolated', rules: [], direct: 'off' };
    expect(storedNetwork(JSON.stringify({ schema: 1, network: known, nodes: [] }), 'view.json')).toEqual(known);
  });

  it.each([
    ['text that is not JSON', '{'],
    ['a view without a network', JSON.stringify({ network: null })],
    ['a network without an id', JSON.stringify({ network: { ...network, networkId: undefined } })],
    ['JSON of something else', '[1]'],
  ])('is refused in %s, by the name of the file', (_what, text) => {
    expect(() => storedNetwork(text, '/x/view.json')).toThrow('/x/view.json holds no network');
  });
});
