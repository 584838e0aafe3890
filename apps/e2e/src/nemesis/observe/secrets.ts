/** Looks for every private key that exists in everything that is written or shown: etcd, answers, logs, processes, the history. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store } from '@wgcni/store';
import { wireguardDevices, type Lab } from '@wgcni/testing';
import { execa } from 'execa';
import { answerEvidence, type Evidence, logEvidence, processEvidence, storeEvidence } from '../../key-scan/evidence.ts';
import { KnownKeys } from '../../key-scan/known-keys.ts';
import type { SecretsEvent } from '../history/event.ts';
import { historyFile } from '../history/recorder.ts';

export class SecretScan {
  readonly #keys = new KnownKeys();

  /** Learns the private keys of every device and key file of the nodes; containers' keys live only as long as their devices. */
  async learn(lab: Lab): Promise<void> {
    for (const { netnsPath, dataDir } of lab.plan.nodes) {
      for (const device of await wireguardDevices(netnsPath)) {
        const { stdout } = await execa('wg', ['show', device, 'private-key'], { reject: false });
        this.#keys.learn(stdout);
      }
      const files = await readdir(join(dataDir, 'keys')).catch(() => []);
      for (const name of files) this.#keys.learn(await readFile(join(dataDir, 'keys', name), 'utf8'));
    }
  }

  /** Reads everything once. */
  async look(lab: Lab, store: Store, runDir: string): Promise<SecretsEvent> {
    await this.learn(lab);
    const history: Evidence = new Map([[historyFile, await readFile(join(runDir, historyFile), 'utf8')]]);
    const parts = [
      await storeEvidence(lab, store),
      await logEvidence(lab),
      await answerEvidence(lab),
      history,
      processEvidence(),
    ];
    const texts = parts.flatMap((part) => [...part]);
    const found = texts.filter(([, text]) => this.#keys.standIn(text)).map(([name]) => name);
    const bytes = texts.reduce((sum, [, text]) => sum + text.length, 0);
    return { kind: 'secrets', keys: this.#keys.size, texts: texts.length, bytes, found };
  }
}
