/** Where everything stands: one cluster's keys are no other's, and no id can reach out of its place. */
import { describe, expect, it } from 'vitest';
import { keysOf, pathForm } from './keys.ts';

describe('the keys of a cluster', () => {
  const keys = keysOf('main');

  it('stand where the design says', () => {
    expect({
      network: keys.network,
      node: keys.node('n1'),
      client: keys.client('laptop'),
      gone: [
        keys.goneEntry('node', 'n1'),
        keys.goneEntry('subnet', '10.64.0.0/24'),
        keys.goneEntry('client', 'a/b+/cd='),
      ],
      leader: keys.leader,
      recovering: keys.recovering,
      replica: keys.replica('m1'),
      subnet: keys.subnet('10.64.0.0/12', '10.64.3.0/24'),
      registration: keys.registration('n1'),
      keyClaim: keys.keyClaim('ab+/cd='),
      clientAddress: keys.clientAddress('fd66::5'),
      clientLife: keys.clientLife('laptop'),
    }).toEqual({
      network: '/wgcni/v1/main/mesh/network',
      node: '/wgcni/v1/main/mesh/nodes/n1',
      client: '/wgcni/v1/main/mesh/clients/laptop',
      gone: [
        '/wgcni/v1/main/mesh/gone/node/n1',
        '/wgcni/v1/main/mesh/gone/subnet/10.64.0.0-24',
        '/wgcni/v1/main/mesh/gone/client/a_b-_cd',
      ],
      leader: '/wgcni/v1/main/control/leader',
      recovering: '/wgcni/v1/main/control/recovering',
      replica: '/wgcni/v1/main/control/replicas/m1',
      subnet: '/wgcni/v1/main/control/subnets/10.64.0.0-12/10.64.3.0-24',
      registration: '/wgcni/v1/main/control/registrations/n1',
      keyClaim: '/wgcni/v1/main/control/keys/ab-_cd',
      clientAddress: '/wgcni/v1/main/control/client-addresses/fd66::5',
      clientLife: '/wgcni/v1/main/control/client-lives/laptop',
    });
  });

  it('of a cluster whose name another begins with are not those of the other', () => {
    expect(keysOf('main2').network.startsWith(keys.root)).toBe(false);
  });

  it('hold a CIDR without its slash', () => {
    expect(pathForm('fd64::/48')).toBe('fd64::-48');
  });
});
