/** A node that is only a record: registered once, so that something can be written about it. */
import { randomBytes } from 'node:crypto';
import type { ManagerClient, Registration } from '@wgcni/api';
import type { Lab } from '@wgcni/testing';

/** Registers a node that no machine stands behind; `number` makes its endpoint its own. */
export async function addBystander(lab: Lab, nodeId: string, number: number): Promise<void> {
  const caller = await lab.nodeCaller(nodeId);
  await registerBystander(caller, nodeId, number);
  await caller.close();
}

/** The same, asked by the node's own client. */
export function registerBystander(
  caller: ManagerClient,
  nodeId: string,
  number: number,
  instance = randomBytes(16).toString('hex'),
): Promise<Registration> {
  return caller.register(nodeId, {
    ...{ instance, publicKey: randomBytes(32).toString('base64') },
    ...{
      version: 'bystander',
      readableSchema: 2,
      endpoints: [`203.0.113.${number}:51820`],
      held: [],
      underlayMtu: 1_500,
    },
  });
}
