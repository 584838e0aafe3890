/** A node that is only a record: registered once, so that something can be written about it. */
import { randomBytes } from 'node:crypto';
import type { ManagerClient, Registration } from '@wgcni/api';

/** Registers a node that no machine stands behind; `number` makes its endpoint its own. */
export function registerBystander(
  client: ManagerClient,
  nodeId: string,
  number: number,
  instance = randomBytes(16).toString('hex'),
): Promise<Registration> {
  return client.register(nodeId, {
    ...{ instance, publicKey: randomBytes(32).toString('base64') },
    ...{
      version: 'bystander',
      readableSchema: 1,
      endpoints: [`203.0.113.${number}:51820`],
      held: [],
      underlayMtu: 1_500,
    },
  });
}
