/**
 * A thousand random calls of the real plugin, against a real node; afterwards the host is as it was.
 *
 *   4 at a time ── exec ── wireguard-cni ── unix socket ── node-manager ── namespaces, real and imagined
 */
import { fuzzedConfig, fuzzedStdin, fuzzedVariables } from '@wgcni/cni/fuzz';
import { until } from '@wgcni/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bench } from './conformance/bench.ts';
import { difference } from './conformance/host-state.ts';
import { inParallel } from './conformance/in-parallel.ts';
import { nodeSubject } from './conformance/node-subject.ts';
import { callPlugin } from './conformance/plugin-call.ts';
import { warmUp } from './conformance/run-case.ts';
import type { Subject } from './conformance/subject.ts';

const calls = 1_000;
const inFlight = 4;
const limitMs = 5_000;
const seed = Math.floor(Math.random() * 2 ** 31);

describe(`the real plugin, called with anything (seed ${seed})`, () => {
  let subject: Subject;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ subject, close } = await nodeSubject().open('dual'));
    await warmUp(subject);
  });
  afterAll(() => close());

  it(`answers ${calls} calls with success or a parseable error, each within ${limitMs} ms, and leaves nothing behind`, async () => {
    const bench = new Bench(subject);
    const containers = await Promise.all(Array.from({ length: 4 }, () => bench.container()));
    const before = await bench.state();
    const inputs = fc.sample(input(containers.map(({ netnsPath }) => netnsPath)), { numRuns: calls, seed });
    const codes = await inParallel(inFlight, inputs, async ({ variables, stdin }) => {
      const answer = await callPlugin({ plugin: subject.plugin, netnsPath: subject.netnsPath, stdin, variables });
      expect(answer.durationMs, JSON.stringify({ variables, stdin })).toBeLessThan(limitMs);
      return properCode(answer.exitCode, answer.stdout);
    });
    const count = (of: number | undefined): number => codes.filter((code) => code === of).length;
    console.log(
      `${count(undefined)} succeeded; by code: ${[...new Set(codes)].map((code) => `${code}: ${count(code)}`).join(', ')}`,
    );
    // Were all of them refused at the door, little would have been tried.
    expect(count(undefined)).toBeGreaterThan(calls / 20);
    await clear(bench);
    await until(5_000, 'the host to be as before', async () => {
      const left = difference(before, await bench.state());
      return left.length === 0 ? true : new Error(left.join('; '));
    });
    await bench.clear();
  });

  /** Our own socket and queue where the configuration is well formed, so that calls get through; a real namespace now and then. */
  const input = (netnsPaths: readonly string[]) =>
    fc
      .tuple(
        fuzzedVariables,
        fc.oneof(fuzzedConfig, fc.constant({})),
        fuzzedStdin,
        fc.nat(3),
        fc.constantFrom(...netnsPaths),
      )
      .map(([variables, config, anything, wildness, netns]) => {
        const { socket, queueDir, name } = subject.config;
        const tame = { ...config, socket, queueDir, name, timeoutMs: 4_000, delTimeoutMs: 4_000 };
        return {
          variables: { ...withoutZeros(variables), ...(wildness < 3 ? { CNI_NETNS: netns } : {}) },
          stdin: wildness === 0 ? anything : JSON.stringify(tame),
        };
      });

  /** GC of the network that the calls were about, by force: what was attached is alive. */
  const clear = async (bench: Bench): Promise<void> => {
    const config = { cniVersion: '1.1.0', 'cni.dev/valid-attachments': [], gcForce: true };
    await bench.succeed('GC', undefined, { config });
  };
});

/** An environment cannot hold a zero byte. */
function withoutZeros(variables: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, value.replaceAll('\0', '')]));
}

/** The code of a failure, undefined for success; throws for anything that no runtime could read. */
function properCode(exitCode: number, stdout: string): number | undefined {
  if (/\n\s+at .*:[0-9]+:[0-9]+/.test(stdout)) throw new Error(`a stack trace on stdout: ${stdout}`);
  if (exitCode === 0) return undefined;
  const { code, msg } = JSON.parse(stdout) as { code: unknown; msg: unknown };
  if (!Number.isInteger(code) || typeof msg !== 'string' || msg === '') throw new Error(`no error object: ${stdout}`);
  return code as number;
}
