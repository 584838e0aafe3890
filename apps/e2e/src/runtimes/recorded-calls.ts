/** The calls that a runtime makes of the plugin: a script in the plugin's place writes each down and becomes the plugin. */
import { chmod, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { InstalledCni } from '@wgcni/testing';

const pluginName = 'wireguard-cni';

export class RecordedCalls {
  readonly #log: string;
  readonly #plugin: string;

  private constructor(log: string, plugin: string) {
    this.#log = log;
    this.#plugin = plugin;
  }

  /** Puts the script in place; the plugin itself moves to a directory beside. */
  static async begin({ binDir }: InstalledCni): Promise<RecordedCalls> {
    const place = join(binDir, pluginName);
    const dir = join(dirname(binDir), 'recorded');
    const [log, plugin, script] = [join(dir, 'calls'), join(dir, pluginName), join(dir, 'script')];
    await mkdir(dir);
    await writeFile(log, '');
    const lines = [
      '#!/bin/sh',
      `[ -z "$CNI_COMMAND" ] || echo "$CNI_COMMAND $CNI_CONTAINERID" >>${log}`,
      `exec ${plugin} "$@"`,
    ];
    await writeFile(script, `${lines.join('\n')}\n`);
    await chmod(script, 0o755);
    await rename(place, plugin);
    await rename(script, place);
    return new RecordedCalls(log, plugin);
  }

  /** The verbs for a container so far, in order. */
  async of(containerId: string): Promise<string[]> {
    return (await this.#calls()).filter(([, id]) => id === containerId).map(([verb = '']) => verb);
  }

  /** All verbs so far, in order. */
  async verbs(): Promise<string[]> {
    return (await this.#calls()).map(([verb = '']) => verb);
  }

  /** The processes that execute the plugin at this moment. */
  async running(): Promise<number[]> {
    const pids = (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name));
    const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
    return pids.filter((_, index) => lines[index]?.split('\0').includes(this.#plugin)).map(Number);
  }

  async #calls(): Promise<string[][]> {
    const lines = (await readFile(this.#log, 'utf8')).split('\n').filter((line) => line !== '');
    return lines.map((line) => line.split(' '));
  }
}
