/** One exchange with a userspace WireGuard process over its control socket: no program is started, and no key passes through a file. */
import { connect } from 'node:net';
import { CatalogueError } from '@wgcni/base';
import type { DeviceDump } from '../dump.ts';
import type { PeerChange } from '../peer.ts';
import type { DeviceSettings } from '../port.ts';
import { errnoOf, getText, parseGet, setAllText, setSomeText } from './uapi-text.ts';

/** Where wireguard-go and whoever configures it meet; both have it built in. */
const socketDirectory = '/var/run/wireguard';

/** A process answers in milliseconds; one that does not is stopped, or stuck. */
const timeoutMs = 10_000;

/** Where the process of a device is spoken to; shared by all network namespaces of a machine. */
export function socketOf(id: string): string {
  return `${socketDirectory}/${id}.sock`;
}

/** What the device holds, or undefined when nobody answers. Throws CatalogueError `decode.failed`, `timed.out`, `kernel.refused`. */
export async function readDevice(id: string): Promise<DeviceDump | undefined> {
  const answer = await exchange(id, getText);
  if (answer === undefined) return undefined;
  checkErrno(id, answer);
  return parseGet(answer);
}

/** Replaces everything the device holds. Throws CatalogueError `kernel.refused`, `request.invalid`, `decode.failed`, `timed.out`. */
export async function writeDevice(id: string, settings: DeviceSettings): Promise<void> {
  await set(id, setAllText(settings).reveal());
}

/** Applies changes in order, all in one exchange. Throws CatalogueError `kernel.refused`, `request.invalid`, `timed.out`. */
export async function changeDevice(id: string, changes: readonly PeerChange[]): Promise<void> {
  if (changes.length > 0) await set(id, setSomeText(changes));
}

async function set(id: string, text: string): Promise<void> {
  const answer = await exchange(id, text);
  if (answer === undefined) throw refused(id, 'its process does not answer');
  checkErrno(id, answer);
}

/** Sends a request; resolves with the whole answer, or undefined when there is nobody, or nobody any more. */
function exchange(id: string, request: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(socketOf(id));
    const end = (result: string | undefined): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setEncoding('latin1').setTimeout(timeoutMs, () => {
      socket.destroy();
      reject(new CatalogueError('timed.out', `the WireGuard process of ${id} did not answer within ${timeoutMs} ms`));
    });
    socket.once('connect', () => socket.write(request));
    socket.on('data', (text: string) => {
      answer += text;
      // An empty line ends an answer; the connection stays open for the next request.
      if (answer.endsWith('\n\n')) end(answer);
    });
    socket.once('error', () => end(undefined));
    socket.once('close', () => end(undefined));
  });
}

function checkErrno(id: string, answer: string): void {
  const errno = errnoOf(answer);
  if (errno !== 0) throw refused(id, `its process refused with errno ${errno}`);
}

function refused(id: string, why: string): CatalogueError {
  return new CatalogueError('kernel.refused', `the WireGuard device ${id}: ${why}`, {
    remedy: 'see whether the process is still there, and whether its UDP port is free',
  });
}
