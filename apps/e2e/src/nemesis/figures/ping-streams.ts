/** Steady pings between running containers, in every direction that matters, and a list of what each lost. */
import { PingMonitor, type Place } from '@wgcni/testing';
import type { Scenario } from '../../scenario.ts';
import { intervalMs, type StreamsResult } from './loss-figure.ts';

/** Pings that go on side by side until they are stopped. */
export class PingStreams {
  readonly #monitors = new Map<string, PingMonitor>();

  /** Both families, across the nodes in both directions and within each node. */
  static betweenContainers({ lab, placesOf }: Scenario): PingStreams {
    const streams = new PingStreams();
    const [here, there] = lab.plan.nodes.map((node) => placesOf(node));
    const [a, b] = here ?? [];
    const [c, d] = there ?? [];
    if (a === undefined || b === undefined || c === undefined || d === undefined)
      throw new Error('the lab is too small');
    for (const [from, to] of [
      [a, c],
      [d, b],
      [a, b],
      [c, d],
    ] as const)
      streams.#add(from, to);
    return streams;
  }

  /** Between the nodes themselves, past everything of ours: what these lose, the machine lost. */
  static betweenNodes({ lab }: Scenario): PingStreams {
    const streams = new PingStreams();
    const [from, to] = lab.plan.nodes;
    if (from === undefined || to === undefined) throw new Error('the lab is too small');
    const { id, netnsPath } = from;
    streams.#add(
      { id, nodeId: id, netnsPath, addresses: [] },
      { ...to, nodeId: to.id, addresses: [to.underlay.v4, to.underlay.v6] },
    );
    return streams;
  }

  /** Resolves when answers come in every stream. */
  async underWay(): Promise<void> {
    for (const monitor of this.#monitors.values()) await monitor.underWay();
  }

  async stop(): Promise<StreamsResult> {
    const results = await Promise.all(
      [...this.#monitors].map(async ([stream, monitor]) => ({ stream, ...(await monitor.stop()) })),
    );
    return {
      streams: results.length,
      sent: results.reduce((sum, { sent }) => sum + sent, 0),
      fewestSent: Math.min(...results.map(({ sent }) => sent)),
      losses: results.flatMap(({ stream, lostAtMs }) => lostAtMs.map((atMs) => ({ stream, atMs }))),
    };
  }

  /** Ends what still runs, without counting. */
  async end(): Promise<void> {
    await Promise.allSettled([...this.#monitors.values()].map((monitor) => monitor.stop()));
  }

  #add(from: Place, to: Place): void {
    for (const address of to.addresses)
      this.#monitors.set(`${from.id} to ${to.id} at ${address}`, new PingMonitor(from.netnsPath, address, intervalMs));
  }
}
