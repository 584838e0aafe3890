/** Makes containers' keys through the product: ADD by the plugin or over the node's socket, the key read from the device, DEL. */
import { randomBytes } from 'node:crypto';
import { addContainer, type ContainerPlan, deleteContainer, type Lab, type NodePlan } from '@wgcni/testing';
import { Pool } from 'undici';
import { idOfDevice, keyOfDevice } from './device-key.ts';
import type { KnownKeys } from './known-keys.ts';

/** One ADD in this many goes through the plugin, which is a process of its own; the others say the same to the socket. */
const pluginShare = 10;
const network = 'mesh';
const ifName = 'eth0';

export interface MadeKeys {
  byPlugin: number;
  bySocket: number;
  /** Everything that the socket answered. */
  answers: string[];
}

/** Makes `count` keys in the given namespaces, one at a time in each. */
export async function makeContainerKeys(
  { lab, node, keys }: { lab: Lab; node: NodePlan; keys: KnownKeys },
  places: readonly ContainerPlan[],
  count: number,
): Promise<MadeKeys> {
  const pool = new Pool('http://localhost', { connections: places.length, connect: { socketPath: node.socket } });
  const made: MadeKeys = { byPlugin: 0, bySocket: 0, answers: [] };
  let next = 0;
  const work = async (place: ContainerPlan): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      const container = { ...place, id: `k${index}-${randomBytes(4).toString('hex')}` };
      const learn = async (): Promise<void> => {
        const key = await keyOfDevice(idOfDevice(node.id, network, container.id, ifName));
        if (!keys.learn(key)) throw new Error(`the key of ${container.id} is not a new one`);
      };
      if (index % pluginShare === 0) {
        await addContainer(lab.programs.plugin, node, container);
        await learn();
        await deleteContainer(lab.programs.plugin, node, container);
        made.byPlugin += 1;
      } else {
        made.answers.push(...(await addOverSocket(pool, container, learn)));
        made.bySocket += 1;
      }
    }
  };
  try {
    await Promise.all(places.map(work));
  } finally {
    await pool.close();
  }
  return made;
}

async function addOverSocket(pool: Pool, container: ContainerPlan, learn: () => Promise<void>): Promise<string[]> {
  const path = `/v1/attachments/${network}/${container.id}/${ifName}`;
  const ask = async (method: 'PUT' | 'POST' | 'GET' | 'DELETE', at: string, body?: object): Promise<string> => {
    const answer = await pool.request({
      ...{ method, path: at },
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${method} ${at}: ${answer.statusCode} ${text}`);
    return text;
  };
  const added = await ask('PUT', path, { netns: container.netnsPath, deadlineMs: 60_000 });
  await learn();
  await ask('POST', `${path}/answered`);
  const shown = await ask('GET', path);
  await ask('DELETE', path);
  return [added, shown];
}
