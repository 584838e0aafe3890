/** Progress as it is written: over itself, gone before the answer, and gone from a real terminal that somebody interrupts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Manner } from './progress-line.ts';
import { ShownProgress } from './progress.ts';

const erased = '\r\u001B[K';

function shown(manner: Manner) {
  const written: string[] = [];
  const interrupts = new Set<() => void>();
  const progress = new ShownProgress({
    manner,
    write: (text) => void written.push(text),
    columns: () => 80,
    clock: { monotonicMs: () => Date.now() },
    onInterrupt: (erase) => {
      interrupts.add(erase);
      return () => void interrupts.delete(erase);
    },
  });
  return { progress, written, interrupts };
}

const after = <T>(ms: number, value: T) => new Promise<T>((resolve) => setTimeout(() => resolve(value), ms));

describe('progress', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is a line that is written over and erased, and nothing of short work', async () => {
    const { progress, written, interrupts } = shown('line');
    const short = progress.during('a moment', () => after(300, 1));
    await vi.advanceTimersByTimeAsync(300);
    expect([await short, written]).toEqual([1, []]);
    const long = progress.during('etcd', () => after(1_600, 2));
    await vi.advanceTimersByTimeAsync(1_300);
    expect([written, interrupts.size]).toEqual([[`${erased}… etcd (0 s)`, `${erased}… etcd (1 s)`], 1]);
    await vi.advanceTimersByTimeAsync(300);
    expect([await long, written.at(-1), interrupts.size]).toEqual([2, erased, 0]);
  });

  it('names what is still waited for', async () => {
    const { progress, written } = shown('line');
    const all = [600, 1_100].map((ms) => progress.during(`${ms} ms`, () => after(ms, ms)));
    await vi.advanceTimersByTimeAsync(1_100);
    await Promise.all(all);
    expect(written).toEqual([
      `${erased}… 600 ms, 1100 ms (0 of 2, 0 s)`,
      `${erased}… 1100 ms (1 of 2, 0 s)`,
      `${erased}… 1100 ms (1 of 2, 1 s)`,
      erased,
    ]);
  });

  it('is erased when the work fails', async () => {
    const { progress, written } = shown('line');
    const failed = progress.during('etcd', () => after(600, 0).then(() => Promise.reject(new Error('no'))));
    const caught = expect(failed).rejects.toThrow('no');
    await vi.advanceTimersByTimeAsync(600);
    await caught;
    expect(written.at(-1)).toBe(erased);
  });

  it.each([
    ['steps', ['wgcni: 2 left\n', 'wgcni: 1 left\n']],
    ['none', []],
  ] as const)('in the manner %s writes over nothing', async (manner, lines) => {
    const { progress, written } = shown(manner);
    const work = progress.during('n1', async () => {
      for (const left of [2, 2, 1]) {
        progress.step(`${left} left`);
        await after(1_000, 0);
      }
    });
    await vi.advanceTimersByTimeAsync(3_000);
    await work;
    expect(written).toEqual(lines);
  });
});

it('leaves a real terminal clean when it is interrupted, and the process ends by that signal', async () => {
  const module = join(import.meta.dirname, 'on-stderr.ts');
  const program = `const { progressOnStderr } = await import('${module}');
    await progressOnStderr(false).during('what never ends', () => new Promise((end) => setTimeout(end, 60_000)));`;
  const tsx = join(import.meta.dirname, '../../../../node_modules/.bin/tsx');
  // A shell between would take the interrupt for its own; of the status of a process that a signal ended, script makes 128 + its number.
  const line = `exec ${tsx} --input-type=module --eval "${program.replaceAll(/\s+/g, ' ')}"`;
  const terminal = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, TERM: 'xterm', SHELL: '/bin/sh' },
  });
  let screen = '';
  terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
    // Once: as if somebody pressed Ctrl-C.
    if (/never ends/.test(text) && !terminal.stdin.writableEnded) terminal.stdin.end('\u0003');
  });
  const [status] = (await once(terminal, 'close')) as [number];
  expect(screen.replaceAll('^C', '')).toMatch(/^\r\u001B\[K… what never ends \(0 s\)\r\u001B\[K$/);
  expect(status).toBe(130);
}, 20_000);
