/** A steady ping that knows when each answer came, so that a gap can be laid beside a fault. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Place } from '@wgcni/testing';
import type { PingEvent } from '../history/event.ts';
import type { Recorder } from '../history/recorder.ts';

const intervalMs = 100;

export class PingWatch {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #route: Pick<PingEvent, 'from' | 'to' | 'address'>;
  readonly #recorder: Recorder;
  /** Sequence number and instant of each answer, in the order of arrival. */
  readonly #answers: { sequence: number; atMs: number }[] = [];
  #sent = 0;

  constructor(recorder: Recorder, from: Place, { to, address }: { to: Place; address: string }) {
    this.#recorder = recorder;
    this.#route = { from: from.id, to: to.id, address };
    const args = [`--net=${from.netnsPath}`, 'ping', '-n', '-i', String(intervalMs / 1_000), '-W', '5', address];
    this.#child = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#ended = once(this.#child, 'close');
    if (this.#child.stdout === null) throw new Error('ping has no output');
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#read(line));
  }

  /** Ends the ping and writes down what it lost; the last request may still be on its way and is not counted. */
  async stop(): Promise<void> {
    this.#child.kill('SIGINT');
    await this.#ended;
    this.#recorder.write({
      kind: 'ping',
      ...this.#route,
      sent: this.#sent,
      gaps: gapsOf(this.#answers, this.#sent - 1),
    });
  }

  #read(line: string): void {
    const sequence = /bytes from .*icmp_seq=([0-9]+)/.exec(line)?.[1];
    if (sequence !== undefined) this.#answers.push({ sequence: Number(sequence), atMs: this.#recorder.now() });
    const sent = /^([0-9]+) packets transmitted/.exec(line)?.[1];
    if (sent !== undefined) this.#sent = Number(sent);
  }
}

/** Runs of requests up to `last` that were never answered. Sequence numbers are 16 bits wide and go on from 0 after 65,535. */
export function gapsOf(answers: readonly { sequence: number; atMs: number }[], last: number): PingEvent['gaps'] {
  const gaps: PingEvent['gaps'] = [];
  let before = { number: 0, atMs: answers[0]?.atMs ?? 0 };
  for (const { sequence, atMs } of answers.map(unrolled).sort((one, other) => one.sequence - other.sequence)) {
    if (sequence > before.number + 1)
      gaps.push({ fromMs: before.atMs, toMs: atMs, lost: sequence - before.number - 1 });
    before = { number: sequence, atMs };
  }
  if (last > before.number)
    gaps.push({ fromMs: before.atMs, toMs: Number.MAX_SAFE_INTEGER, lost: last - before.number });
  return gaps;
}

function unrolled(
  answer: { sequence: number; atMs: number },
  _: number,
  all: readonly { sequence: number; atMs: number }[],
): { sequence: number; atMs: number } {
  const firstMs = all[0]?.atMs ?? 0;
  const expected = (answer.atMs - firstMs) / intervalMs;
  const turns = Math.max(0, Math.round((expected - answer.sequence) / 65_536));
  return { sequence: answer.sequence + turns * 65_536, atMs: answer.atMs };
}
