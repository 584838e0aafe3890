/** The audit can fail: each kind of leak and loss is named. */
import { describe, expect, it } from 'vitest';
import { audit, type NodeHoldings } from './node-audit.ts';

const one = { containerId: 'c1', state: 'answered', addresses: ['10.64.0.2/32', 'fd64::2/128'] };
const link = { addresses: one.addresses, isUp: true, routes: ['0.0.0.0/0', '::/0'] };
const host = ['route unicast 10.64.0.0/24 via - dev wgcni-pods metric 0', 'rule -A WGCNI-INPUT -j DROP'];
const right: NodeHoldings = {
  attachments: [one],
  records: 1,
  taken: [1, 1],
  peerAddresses: ['10.64.0.2/32', 'fd64::2/128'],
  containerDevices: 1,
  waitingDeletions: 0,
  alive: new Map([['c1', link]]),
  host,
};

describe('the audit of a node', () => {
  it('finds nothing where all agree', () => {
    expect(audit(right, host)).toEqual([]);
  });

  it.each<[string, Partial<NodeHoldings>, string]>([
    [
      'a container without an attachment',
      { alive: new Map([...right.alive, ['c2', { ...link, addresses: ['10.64.0.3/32'] }]]) },
      'c2 has 10.64.0.3/32, the node knows nothing',
    ],
    ['an attachment without a container', { alive: new Map() }, 'c1 (answered) has no interface'],
    ['an address held twice', { attachments: [one, { ...one, containerId: 'c2' }] }, '10.64.0.2/32 is held twice'],
    [
      'a stray peer',
      { peerAddresses: [...right.peerAddresses, '10.64.0.9/32'] },
      'peers have 10.64.0.2/32, fd64::2/128, 10.64.0.9/32 where 10.64.0.2/32, fd64::2/128 are held',
    ],
    ['a lost peer', { peerAddresses: [] }, 'peers have  where 10.64.0.2/32, fd64::2/128 are held'],
    ['a stray record', { records: 2 }, '2 records of 1 attachments'],
    ['a stray device', { containerDevices: 2 }, '2 devices of 1 attachments'],
    ['a leaked address', { taken: [2, 1] }, '2 addresses taken of 1'],
    [
      'an interface that is down',
      { alive: new Map([['c1', { ...link, isUp: false }]]) },
      'the interface of c1 is down',
    ],
    ['a lost route', { alive: new Map([['c1', { ...link, routes: ['0.0.0.0/0'] }]]) }, 'c1 has no route ::/0'],
    ['a lost route of the node', { host: host.slice(1) }, `the node: - ${host[0]}`],
    ['a doubled rule of the node', { host: [...host, host[1] ?? ''] }, `the node: + ${host[1]}`],
    ['a deletion that waits', { waitingDeletions: 1 }, '1 deletions wait'],
  ])('names %s', (_, change, difference) => {
    expect(audit({ ...right, ...change }, host)).toContain(difference);
  });
});
