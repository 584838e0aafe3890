/** A TCP connection between two namespaces: what one sends the other sends back, and both count. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';

/** Sends back everything on every connection; half-closed from the other side it says farewell by itself. */
const echoServer = `require('node:net').createServer({ allowHalfOpen: true }, (socket) => socket.on('error', () => {}).pipe(socket))
  .listen(7007, '::', () => console.log('listening'));`;

/** Obeys lines of "id host bytes": sends so many random bytes on a new connection, with "kept" on the one of before, and says what came back. */
const echoClient = `const { randomBytes, createHash } = require('node:crypto');
const net = require('node:net');
const digest = (parts) => createHash('sha256').update(Buffer.concat(parts)).digest('hex');
const kept = new Map();
function open(host) {
  const line = { socket: net.connect(7007, host), parts: [], received: 0, notify: () => {} };
  line.socket.on('error', (error) => line.notify(error)).on('data', (part) => {
    line.parts.push(part);
    line.received += part.length;
    line.notify();
  });
  return line;
}
async function send(host, count, isKept) {
  const line = (isKept && kept.get(host)) || open(host);
  if (isKept) kept.set(host, line);
  const data = randomBytes(count);
  line.socket.write(data);
  await new Promise((resolve, reject) => {
    line.notify = (error) => (error ? reject(error) : line.received >= count ? resolve() : undefined);
  });
  const isSame = digest(line.parts) === digest([data]);
  [line.parts, line.received] = [[], 0];
  if (!isKept) line.socket.destroy();
  return isSame ? 'same ' + count : 'different';
}
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const [id, host, count, how] = line.split(' ');
  send(host, Number(count), how === 'kept').then(
    (answer) => console.log(id + ' ' + answer),
    (error) => console.log(id + ' failed: ' + error.message),
  );
});`;

/** Both ends, each a process in its namespace. */
export class TcpEcho {
  readonly #server: ChildProcess;
  readonly #client: ChildProcess;
  readonly #answers: Interface;
  #asked = 0;

  private constructor(server: ChildProcess, client: ChildProcess) {
    this.#server = server;
    this.#client = client;
    this.#answers = createInterface({ input: client.stdout as NodeJS.ReadableStream });
  }

  /** Resolves when the server listens. */
  static async open(clientNetns: string, serverNetns: string): Promise<TcpEcho> {
    const server = start(serverNetns, echoServer);
    await new Promise<void>((resolve, reject) => {
      server.stdout?.once('data', () => resolve());
      server.once('exit', (status) => reject(new Error(`the server ended with ${status}`)));
    });
    return new TcpEcho(server, start(clientNetns, echoClient));
  }

  /**
   * Sends random bytes to `host` and takes them back: "same" and their number when they are what was sent. Throws when they are not there in time.
   */
  async exchange(host: string, bytes: number, { timeoutMs = 10_000, isKept = false } = {}): Promise<string> {
    this.#asked += 1;
    const id = `${this.#asked} `;
    const answer = this.#answerTo(id);
    this.#client.stdin?.write(`${id}${host} ${bytes}${isKept ? ' kept' : ''}\n`);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new Error(`${bytes} bytes to ${host} and back took more than ${timeoutMs} ms`);
      timer = setTimeout(() => reject(error), timeoutMs);
    });
    return Promise.race([answer, late]).finally(() => clearTimeout(timer));
  }

  async #answerTo(id: string): Promise<string> {
    for (;;) {
      const line = await new Promise<string>((resolve) => this.#answers.once('line', resolve));
      // One that came too late is of an earlier exchange.
      if (line.startsWith(id)) return line.slice(id.length);
    }
  }

  close(): void {
    this.#client.kill('SIGKILL');
    this.#server.kill('SIGKILL');
  }
}

function start(netns: string, script: string): ChildProcess {
  const argv = [`--net=${netns}`, process.execPath, '--eval', script];
  return spawn('nsenter', argv, { stdio: ['pipe', 'pipe', 'inherit'] });
}
