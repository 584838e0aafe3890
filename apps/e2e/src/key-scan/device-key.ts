/** The private key of a userspace device, asked of its process over the control socket: only root can, and the test is root. */
import { createHash } from 'node:crypto';
import { connect } from 'node:net';

/** The id under which a container's device is spoken to (docs/architecture.md, "Names on a host"). */
export function idOfDevice(...parts: readonly string[]): string {
  return `wg${createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 12)}`;
}

/** The key in the form of `wg`. Rejects when nobody answers or the device has none. */
export async function keyOfDevice(id: string): Promise<string> {
  const answer = await ask(`/var/run/wireguard/${id}.sock`);
  const hex = /^private_key=([0-9a-f]{64})$/m.exec(answer)?.[1];
  if (hex === undefined) throw new Error(`the device ${id} shows no private key`);
  return Buffer.from(hex, 'hex').toString('base64');
}

function ask(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(path, () => socket.write('get=1\n\n'));
    socket.setEncoding('latin1').on('data', (text: string) => {
      answer += text;
      if (answer.endsWith('\n\n')) socket.destroy();
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(answer));
  });
}
