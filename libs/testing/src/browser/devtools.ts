/** The debugging protocol of Chromium over two pipes: commands with their answers, and events. */
import type { Readable, Writable } from 'node:stream';

export type Parameters = Record<string, unknown>;

export interface DevtoolsEvent {
  method: string;
  params: Parameters;
}

interface Message extends Partial<DevtoolsEvent> {
  id?: number;
  result?: Parameters;
  error?: { message: string };
}

export class Devtools {
  readonly #to: Writable;
  readonly #waiting = new Map<number, { resolve: (result: Parameters) => void; reject: (error: Error) => void }>();
  readonly #listeners = new Set<(event: DevtoolsEvent) => void>();
  #count = 0;
  #rest = '';

  /** Messages end with a zero byte. */
  constructor(to: Writable, from: Readable) {
    this.#to = to;
    from.setEncoding('utf8');
    from.on('data', (text: string) => this.#take(text));
    from.on('close', () => this.#end());
  }

  onEvent(listener: (event: DevtoolsEvent) => void): void {
    this.#listeners.add(listener);
  }

  /** Resolves with the result; rejects with what the browser says of it, or when the browser has ended. */
  send(method: string, params: Parameters = {}, sessionId?: string): Promise<Parameters> {
    this.#count += 1;
    const id = this.#count;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#to.write(`${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`);
    });
  }

  #take(text: string): void {
    const parts = `${this.#rest}${text}`.split('\0');
    this.#rest = parts.pop() ?? '';
    for (const part of parts) this.#hear(JSON.parse(part) as Message);
  }

  #hear({ id, result = {}, error, method, params = {} }: Message): void {
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (id !== undefined) this.#waiting.delete(id);
    if (error !== undefined) waiting?.reject(new Error(error.message));
    else waiting?.resolve(result);
    if (method !== undefined) for (const listener of this.#listeners) listener({ method, params });
  }

  #end(): void {
    for (const { reject } of this.#waiting.values()) reject(new Error('the browser has ended'));
    this.#waiting.clear();
  }
}
