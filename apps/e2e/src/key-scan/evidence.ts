/** Everything that is written or shown where a private key must not stand, as named texts. */
import { type Dirent, existsSync, readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keysOf, type Store } from '@wgcni/store';
import type { Lab, NodePlan } from '@wgcni/testing';

/** Text by where it stands. */
export type Evidence = Map<string, string>;

/** Keys and values that the store has now. */
export async function storeEvidence(lab: Lab, store: Store): Promise<Evidence> {
  const { items } = await store.range(keysOf(lab.plan.cluster).root);
  return new Map(items.map(({ key, value }) => [`etcd ${key}`, `${key} ${value}`]));
}

/** All that the members wrote to their disks: every proposal and every revision, also those that are gone. */
export async function storeFileEvidence({ plan }: Lab): Promise<Evidence> {
  const found: Evidence = new Map();
  for (const { name, dataDir } of plan.etcd) {
    const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((one) => one.isFile())) {
      const path = join(entry.parentPath, entry.name);
      found.set(`file of ${name}: ${path}`, withoutEmptyEnd(await readFile(path)).toString('latin1'));
    }
  }
  return found;
}

/** What every process of the lab wrote to its log. */
export async function logEvidence({ plan }: Lab): Promise<Evidence> {
  const directory = join(plan.dir, 'log');
  const found: Evidence = new Map();
  for (const name of await readdir(directory))
    found.set(`log ${name}`, await readFile(join(directory, name), 'latin1'));
  return found;
}

/** Every list of both REST surfaces. */
export async function answerEvidence(lab: Lab): Promise<Evidence> {
  const manager = lab.managerClient();
  try {
    const lists = await Promise.all([
      manager.nodes(),
      manager.subnets(),
      manager.network(),
      manager.replicas(),
      manager.tokens(),
      manager.clients(),
    ]);
    const clients = lists[5].items.map(({ name }) => name);
    const configs = await Promise.all(clients.map((name) => manager.clientConfig(name)));
    const found: Evidence = new Map([['answers of the managers', JSON.stringify([...lists, ...configs])]]);
    for (const node of lab.plan.nodes) {
      const client = lab.nodeClient(node);
      const answers = [await client.status(), await client.attachments()];
      found.set(`answers of ${node.id}`, JSON.stringify(answers));
      await client.close();
    }
    return found;
  } finally {
    await manager.close();
  }
}

/** Arguments and environment of every process of the machine at this moment; of one that ends meanwhile there is nothing to see. */
export function processEvidence(): Evidence {
  const found: Evidence = new Map();
  for (const pid of readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))) {
    for (const [what, file] of [
      ['arguments', 'cmdline'],
      ['environment', 'environ'],
    ])
      found.set(`${what} of ${pid}`, readProc(`/proc/${pid}/${file}`));
  }
  return found;
}

/** What a node keeps on disk beside its keys, and what waits in its queue. */
export async function dataEvidence({ dataDir, queueDir }: NodePlan): Promise<Evidence> {
  const found: Evidence = new Map();
  for (const directory of [dataDir, queueDir].filter((path) => existsSync(path))) {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((one) => one.isFile() && !isKeyFile(dataDir, one))) {
      const path = join(entry.parentPath, entry.name);
      found.set(`file ${path}`, await readFile(path, 'latin1'));
    }
  }
  return found;
}

/** Where a node's own keys stand: those of its devices, and that of its certificate. */
function isKeyFile(dataDir: string, { parentPath, name }: Dirent): boolean {
  if (parentPath === join(dataDir, 'keys')) return true;
  return parentPath === join(dataDir, 'credentials') && name.endsWith('.key.pem');
}

/** A log of etcd is made long before it is written. */
function withoutEmptyEnd(content: Buffer): Buffer {
  let end = content.length;
  while (end > 0 && content[end - 1] === 0) end -= 1;
  return content.subarray(0, end);
}

function readProc(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}
