/** A TCP server inside a container, and a client anywhere. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { execa } from 'execa';

const program = `
  const text = (socket) => process.argv[2] ?? socket.remoteAddress.replace('::ffff:', '');
  const server = require('node:net').createServer((socket) => socket.end(text(socket)));
  server.listen(Number(process.argv[1]), () => console.log('listening'));
`;

/**
 * Serves `text`, or without one the address of who connects, to everyone who connects to `port` in the namespace; resolves with how to
 * stop it once it listens.
 */
export async function serveText(netnsPath: string, port: number, text?: string): Promise<() => Promise<void>> {
  const said = text === undefined ? [] : [text];
  const argv = [`--net=${netnsPath}`, process.execPath, '--eval', program, String(port), ...said];
  const child = spawn('nsenter', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), ended.then(() => Promise.reject(new Error('the server has ended')))]);
  return async () => {
    child.kill('SIGKILL');
    await ended;
  };
}

/** What a server says to a client in the namespace; rejects when it cannot be reached within 5 s. */
export async function readText(netnsPath: string, host: string, port: number): Promise<string> {
  const script = 'exec 3<>"/dev/tcp/$1/$2" && cat <&3';
  const argv = [`--net=${netnsPath}`, 'bash', '-c', script, 'bash', host, String(port)];
  return (await execa('nsenter', argv, { timeout: 5_000 })).stdout;
}
