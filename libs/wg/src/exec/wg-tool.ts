/** `wg show … dump`, `wg setconf` and `wg set` of one device of the kernel. */
import { CatalogueError } from '@wgcni/base';
import type { Processes } from '@wgcni/iproute';
import { changeText } from '../change-text.ts';
import { configText } from '../config-text.ts';
import { parseDump, type DeviceDump } from '../dump.ts';
import { checkEndpoint } from '../endpoint.ts';
import { isKeyText } from '../key.ts';
import type { PeerChange } from '../peer.ts';
import type { DeviceSettings } from '../port.ts';
import type { PrivateFiles } from './private-files.ts';
import { complaintsOf, scriptOf } from './shell-script.ts';

/** Changes in one `wg set`, so that its words stay far below the limit of an argument list. */
const changesPerCall = 500;

/** How `wg` reaches a device: by its present name within its namespace. */
export interface WgTarget {
  name: string;
  netns?: string;
}

export class WgTool {
  readonly #processes: Processes;
  readonly #files: PrivateFiles;

  constructor(processes: Processes, files: PrivateFiles) {
    this.#processes = processes;
    this.#files = files;
  }

  /** What the device holds, or undefined when `wg` cannot reach it. Throws CatalogueError `netns.unusable`, `decode.failed`. */
  async dump({ name, netns }: WgTarget): Promise<DeviceDump | undefined> {
    const { status, stdout } = await this.#processes.run({ argv: ['wg', 'show', name, 'dump'], netns });
    return status === 0 ? parseDump(stdout) : undefined;
  }

  /** Replaces everything the device holds. Throws CatalogueError `kernel.refused`, `request.invalid`, `decode.failed`. */
  async setConfig({ name, netns }: WgTarget, settings: DeviceSettings): Promise<void> {
    // FENCE: `wg` quotes a malformed key in its complaint, and complaints end in logs.
    if (!isKeyText(settings.privateKey.reveal())) throw malformedKey(name);
    for (const { endpoint } of settings.peers) if (endpoint !== undefined) checkEndpoint(endpoint);
    await this.#files.lend(configText(settings), (path) => this.#succeed(['wg', 'setconf', name, path], netns));
  }

  /** Applies changes in order; a peer that is not named is not touched. Throws CatalogueError `kernel.refused`, `request.invalid`. */
  async set({ name, netns }: WgTarget, changes: readonly PeerChange[]): Promise<void> {
    for (const argv of setCommands(name, changes)) await this.#succeed(argv, netns);
  }

  /** The same for several devices by one process of ours; each succeeds or fails for itself. */
  setEach(all: readonly { target: WgTarget; changes: readonly PeerChange[] }[]): Promise<void>[] {
    const commands = all.flatMap(({ target: { name, netns }, changes }, index) =>
      setCommands(name, changes).map((argv) => ({ argv, netns, index })),
    );
    const complaints = this.#processes
      .run({ argv: ['sh'], input: scriptOf(commands) })
      .then(({ stdout }) => complaintsOf(stdout, commands.length));
    return all.map(async (_, index) => {
      const said = await complaints;
      const failed = commands.findIndex((command, at) => command.index === index && said[at] !== undefined);
      const command = commands[failed];
      if (command !== undefined) throw refused(command.argv, said[failed] ?? '');
    });
  }

  async #succeed(argv: readonly string[], netns: string | undefined): Promise<void> {
    const { status, stderr } = await this.#processes.run({ argv, netns });
    if (status !== 0) throw refused(argv, stderr.trim());
  }
}

/** Throws CatalogueError `request.invalid` for a malformed endpoint. */
function setCommands(name: string, changes: readonly PeerChange[]): string[][] {
  for (const endpoint of changes.map(endpointOf)) if (endpoint !== undefined) checkEndpoint(endpoint);
  const count = Math.ceil(changes.length / changesPerCall);
  return Array.from({ length: count }, (_, index) => {
    const part = changes.slice(index * changesPerCall, (index + 1) * changesPerCall);
    return ['wg', 'set', name, ...changeText(part)];
  });
}

function refused(argv: readonly string[], complaint: string): CatalogueError {
  return new CatalogueError('kernel.refused', `"${argv.slice(0, 3).join(' ')}" failed: ${complaint}`, {
    remedy: 'see whether the device is still there, and whether its UDP port is free',
  });
}

function endpointOf(change: PeerChange): string | undefined {
  if (change.kind === 'remove') return undefined;
  return change.kind === 'add' ? change.peer.endpoint : change.endpoint;
}

function malformedKey(device: string): CatalogueError {
  return new CatalogueError('decode.failed', `the private key for ${device} is not 32 bytes in base64`, {
    field: 'privateKey',
    remedy: 'replace the key file with one that `wg genkey` makes, or delete it to have a new key made',
  });
}
