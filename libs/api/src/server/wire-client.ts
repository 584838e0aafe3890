/** For tests: a client that writes bytes as it likes, from an address of loopback that it chooses. */
import { connect, type Socket } from 'node:net';

export class WireClient {
  readonly socket: Socket;
  readonly #startedAt = performance.now();
  #received = '';
  /** Milliseconds from the start until the connection was closed. */
  readonly closedAfterMs: Promise<number>;

  constructor(port: number, localAddress = '127.0.0.1') {
    this.socket = connect({ port, host: '127.0.0.1', localAddress });
    this.socket.setEncoding('latin1').on('data', (text: string) => (this.#received += text));
    // A server that refuses may reset the connection.
    this.socket.on('error', () => undefined);
    this.closedAfterMs = new Promise((resolve) =>
      this.socket.once('close', () => resolve(performance.now() - this.#startedAt)),
    );
  }

  get received(): string {
    return this.#received;
  }

  get isOpen(): boolean {
    return this.socket.readyState === 'open';
  }

  /** Status and body of the answer, once the connection is closed. */
  async answer(): Promise<{ status: number; problem: Record<string, unknown> }> {
    await this.closedAfterMs;
    const [head = '', body = ''] = this.#received.split('\r\n\r\n');
    return { status: Number(head.split(' ')[1]), problem: JSON.parse(body) as Record<string, unknown> };
  }

  connected(): Promise<void> {
    if (this.isOpen) return Promise.resolve();
    return new Promise((resolve, reject) => this.socket.once('connect', resolve).once('close', reject));
  }

  /** Writes the text one letter at a time, until the connection is closed. */
  async drip(text: string, pauseMs: number): Promise<void> {
    for (const letter of text) {
      if (this.socket.destroyed || !this.socket.writable) return;
      this.socket.write(letter);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
