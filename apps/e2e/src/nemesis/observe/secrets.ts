/** Looks for every private key that exists in everything that is written or shown: etcd, answers, logs, command lines, the history. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keysOf, type Store } from '@wgcni/store';
import { wireguardDevices, type Lab } from '@wgcni/testing';
import { execa } from 'execa';
import type { SecretsEvent } from '../history/event.ts';
import { historyFile } from '../history/recorder.ts';

/** The keys themselves are kept in memory only, and go nowhere else. */
export class SecretScan {
  readonly #keys = new Set<string>();

  /** Learns the private keys of every device and key file of the nodes; containers' keys live only as long as their devices. */
  async learn(lab: Lab): Promise<void> {
    for (const { netnsPath, dataDir } of lab.plan.nodes) {
      for (const device of await wireguardDevices(netnsPath)) {
        const { stdout } = await execa('wg', ['show', device, 'private-key'], { reject: false });
        this.#know(stdout);
      }
      const files = await readdir(join(dataDir, 'keys')).catch(() => []);
      for (const name of files) this.#know(await readFile(join(dataDir, 'keys', name), 'utf8'));
    }
  }

  /** Reads everything once. */
  async look(lab: Lab, store: Store, runDir: string): Promise<SecretsEvent> {
    await this.learn(lab);
    const texts = new Map<string, string>();
    const { items } = await store.range(keysOf(lab.plan.cluster).root);
    for (const { key, value } of items) texts.set(`etcd ${key}`, value);
    for (const path of await readdir(join(lab.plan.dir, 'log')))
      texts.set(path, await readFile(join(lab.plan.dir, 'log', path), 'utf8'));
    texts.set(historyFile, await readFile(join(runDir, historyFile), 'utf8'));
    for (const [name, text] of await answersOf(lab)) texts.set(name, text);
    for (const pid of (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name)))
      texts.set(`command line of ${pid}`, await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
    const keys = [...this.#keys];
    const found = [...texts].filter(([, text]) => keys.some((key) => text.includes(key))).map(([name]) => name);
    const bytes = [...texts.values()].reduce((sum, text) => sum + text.length, 0);
    return { kind: 'secrets', keys: keys.length, texts: texts.size, bytes, found };
  }

  #know(text: string): void {
    const key = text.trim();
    if (/^[A-Za-z0-9+/]{43}=$/.test(key)) this.#keys.add(key);
  }
}

/** Every list of both REST surfaces. */
async function answersOf(lab: Lab): Promise<[string, string][]> {
  const manager = lab.managerClient();
  try {
    const [nodes, subnets, network, replicas] = await Promise.all([
      manager.nodes(),
      manager.subnets(),
      manager.network(),
      manager.replicas(),
    ]);
    const own = await Promise.all(
      lab.plan.nodes.map(async (node) => {
        const client = lab.nodeClient(node);
        const answer = JSON.stringify([await client.status(), await client.attachments()]);
        await client.close();
        return [`answers of ${node.id}`, answer] as [string, string];
      }),
    );
    return [['answers of the managers', JSON.stringify([nodes, subnets, network, replicas])], ...own];
  } finally {
    await manager.close();
  }
}
