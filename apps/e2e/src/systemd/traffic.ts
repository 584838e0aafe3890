/** Traffic between containers of a ring, each with the next: a steady ping of one family, one TCP connection of the other. */
import { PingMonitor, type PingResult } from '@wgcni/testing';
import type { Attached } from './installed-node.ts';
import { type StreamResult, TcpStream } from './tcp-stream.ts';

const port = 5_000;
/** Between two of a kind, in milliseconds: on two processors each costs four userspace tunnels their time. */
const intervalMs = 20;

export class Traffic {
  readonly #pings: PingMonitor[] = [];
  readonly #streams: TcpStream[] = [];

  /** Resolves when all of it is under way. */
  static async around(ring: readonly Attached[]): Promise<Traffic> {
    const traffic = new Traffic();
    try {
      for (const [index, { netnsPath }] of ring.entries()) {
        const next = ring[(index + 1) % ring.length];
        const [v4 = '', v6 = ''] = next?.addresses ?? [];
        traffic.#pings.push(new PingMonitor(netnsPath, v4, intervalMs));
        const spec = { address: v6, port, intervalMs };
        traffic.#streams.push(await TcpStream.start(netnsPath, next?.netnsPath ?? '', spec));
      }
      for (const ping of traffic.#pings) await ping.underWay();
      return traffic;
    } catch (error) {
      await traffic.abandon();
      throw error;
    }
  }

  async stop(): Promise<{ pings: PingResult[]; streams: StreamResult[] }> {
    const pings = await Promise.all(this.#pings.map((ping) => ping.stop()));
    return { pings, streams: await Promise.all(this.#streams.map((stream) => stream.stop())) };
  }

  /** Ends every process of it, when there is nothing to count any more. */
  async abandon(): Promise<void> {
    await Promise.allSettled([
      ...this.#pings.map((ping) => ping.stop()),
      ...this.#streams.map((stream) => stream.abandon()),
    ]);
  }
}

/** One line of figures, for who reads the run. */
export function figureOf({ pings, streams }: Awaited<ReturnType<Traffic['stop']>>): string {
  const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);
  const lost = sum(pings.map((ping) => ping.lost.length));
  const gap = Math.max(...streams.map(({ longestGapMs }) => longestGapMs));
  const lines = `${sum(streams.map(({ received }) => received))} of ${sum(streams.map(({ sent }) => sent))} lines by TCP`;
  return `${lost} of ${sum(pings.map(({ sent }) => sent))} pings lost; ${lines}, the longest silence ${gap} ms`;
}
