/** TCP connections from and to network namespaces: who listens, and what becomes of who dials. */
import { spawn } from 'node:child_process';
import { execa } from 'execa';

/** `nothing`: neither an answer nor a refusal came back. */
export type Outcome = 'connected' | 'refused' | 'nothing';

/** How long a connection may take, in milliseconds, with the start of who dials: a few, and over a second on a machine with a load of 20. */
const patienceMs = 3_000;

/** Dials once from a namespace, without sending anything. */
export async function dial(netnsPath: string, address: string, port: number): Promise<Outcome> {
  const script = `exec 3<>/dev/tcp/${address}/${port}`;
  const { exitCode, timedOut } = await execa('nsenter', [`--net=${netnsPath}`, 'bash', '-c', script], {
    timeout: patienceMs,
    reject: false,
  });
  if (timedOut) return 'nothing';
  return exitCode === 0 ? 'connected' : 'refused';
}

/** Listens at every address of a namespace (the caller's by default) and hangs up on whoever comes; answers how to end it. */
export async function listen(
  ports: readonly number[],
  { netnsPath, host = '::' }: { netnsPath?: string; host?: string } = {},
): Promise<() => Promise<void>> {
  const script = `for (const port of ${JSON.stringify(ports)})
    require('node:net').createServer((socket) => socket.on('error', () => {}).end())
      .listen(port, ${JSON.stringify(host)}, () => console.log('listening'));`;
  const command = [process.execPath, '--eval', script] as const;
  const [program = '', ...argv] = netnsPath === undefined ? command : ['nsenter', `--net=${netnsPath}`, ...command];
  const child = spawn(program, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let heard = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      heard += text;
      if (heard.split('listening').length > ports.length) resolve();
    });
    child.once('exit', (code) => reject(new Error(`nobody listens on ${ports.join(', ')}: node ended with ${code}`)));
  });
  return async () => {
    child.kill('SIGKILL');
    await ended;
  };
}
