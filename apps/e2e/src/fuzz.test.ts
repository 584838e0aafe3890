/**
 * A thousand random calls of the real plugin, against a real node; after a DEL of each container the host is as it was.
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
import { callPlugin, verbs } from './conformance/plugin-call.ts';
import { checkSuccess, errorIn } from './conformance/proper-answer.ts';
import { allVersions } from './conformance/result-shape.ts';
import { warmUp } from './conformance/run-case.ts';
import type { Subject } from './conformance/subject.ts';

const calls = 1_000;
const inFlight = 4;
const limitMs = 5_000;
/** Were all of them refused at the door, little would have been tried. */
const fewestAdds = 40;
const seed = Math.floor(Math.random() * 2 ** 31);

interface Input {
  variables: Record<string, string>;
  stdin: string;
}

describe(`the real plugin, called with anything (seed ${seed})`, () => {
  let subject: Subject;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ subject, close } = await nodeSubject().open('dual'));
    await warmUp(subject);
  });
  afterAll(() => close());

  it(`answers ${calls} calls with success or a parseable error, each within ${limitMs} ms, and DEL takes back what they did`, async () => {
    const bench = new Bench(subject);
    const containers = await Promise.all(Array.from({ length: 4 }, () => bench.container()));
    const before = await bench.state();
    const inputs = fc.sample(input(containers.map(({ netnsPath }) => netnsPath)), { numRuns: calls, seed });
    const outcomes = await inParallel(inFlight, inputs, (one) => outcomeOf(one));
    const succeeded = outcomes.filter(({ code }) => code === undefined);
    const codes = [...new Set(outcomes.map(({ code }) => code))].filter((code) => code !== undefined);
    const added = succeeded.filter(({ verb }) => verb === 'ADD').length;
    const told = codes.map((code) => `${code}: ${outcomes.filter((one) => one.code === code).length}`).join(', ');
    console.log(`${succeeded.length} succeeded, of them ${added} ADDs; by code: ${told}`);
    expect(added, 'ADDs that succeeded').toBeGreaterThan(fewestAdds);
    await deleteAll(inputs);
    await until(5_000, 'the host to be as before', async () => {
      const left = difference(before, await bench.state());
      return left.length === 0 ? true : new Error(left.join('; '));
    });
    await bench.clear();
  });

  /**
   * One in four is anything at all; one in four a configuration of which each key may be wrong; the rest are right but for one key at most,
   * of a few containers in real namespaces, mostly ADD and DEL: these get through to the node. Whatever is on stdin, no socket and no queue
   * but our own.
   */
  const input = (netnsPaths: readonly string[]): fc.Arbitrary<Input> =>
    fc
      .tuple(fuzzedVariables, fuzzedConfig, fuzzedStdin, nearlyRight(netnsPaths), fc.nat(3))
      .map(([variables, config, anything, near, wildness]) => {
        if (wildness === 0) return { variables: withoutZeros(variables), stdin: confined(anything) };
        const { name } = subject.config;
        const limits = { timeoutMs: 4_000, delTimeoutMs: 4_000 };
        if (wildness === 1) {
          const stdin = confined(JSON.stringify({ ...config, name, ...limits }));
          return { variables: { ...withoutZeros(variables), CNI_NETNS: near.variables.CNI_NETNS }, stdin };
        }
        const key = near.wrongKeys.find((candidate) => candidate in config) as keyof typeof config | undefined;
        const wrong = key === undefined ? {} : { [key]: config[key] };
        const right = { cniVersion: near.cniVersion, ...limits, ...wrong, name };
        return { variables: near.variables, stdin: confined(JSON.stringify(right)) };
      });

  /** A configuration with our own socket and queue in each place where they are read; what is no object stays as it is. */
  const confined = (stdin: string): string => {
    const places = { socket: subject.config['socket'], queueDir: subject.config['queueDir'] };
    const document = parsed(stdin);
    if (!isObject(document)) return stdin;
    const ipam = isObject(document['ipam']) ? { ipam: { ...document['ipam'], ...places } } : {};
    return JSON.stringify({ ...document, ...places, ...ipam });
  };

  /** What the call came to; rejects for anything that no runtime could read, or that came too late. */
  const outcomeOf = async (one: Input): Promise<{ verb: string | undefined; code: number | undefined }> => {
    const verb = verbs.find((candidate) => candidate === one.variables['CNI_COMMAND']);
    try {
      const { exitCode, stdout, durationMs } = await run(one);
      expect(durationMs).toBeLessThan(limitMs);
      if (exitCode !== 0) return { verb, code: errorIn(stdout).code };
      checkSuccess(verb, stdout);
      return { verb, code: undefined };
    } catch (cause) {
      throw new Error(`${JSON.stringify(one)}: ${String(cause)}`, { cause });
    }
  };

  const run = ({ variables, stdin }: Input) =>
    callPlugin({ plugin: subject.plugin, netnsPath: subject.netnsPath, stdin, variables });

  /** As a runtime does after whatever came of an ADD: a DEL of the same container, interface and network. */
  const deleteAll = async (inputs: readonly Input[]): Promise<void> => {
    const dels = new Map<string, Input>();
    for (const { variables, stdin } of inputs.filter((one) => one.variables['CNI_COMMAND'] === 'ADD')) {
      const { CNI_CONTAINERID = '', CNI_IFNAME = '' } = variables;
      const document = parsed(stdin);
      const name = isObject(document) ? document['name'] : undefined;
      const config = JSON.stringify({ ...subject.config, cniVersion: '1.0.0', name });
      dels.set(JSON.stringify([CNI_CONTAINERID, CNI_IFNAME, name]), {
        variables: { CNI_COMMAND: 'DEL', CNI_CONTAINERID, CNI_IFNAME },
        stdin: config,
      });
    }
    await inParallel(inFlight, [...dels.values()], async (one) => {
      const { exitCode, stdout } = await run(one);
      // What ADD cannot have accepted DEL refuses too: a name, an id or a variable that is none.
      if (exitCode !== 0) expect([4, 7], JSON.stringify(one)).toContain(errorIn(stdout).code);
    });
  };
});

/** What a runtime sends when all is well, and the keys of which the first that there is may be made wrong. */
const nearlyRight = (netnsPaths: readonly string[]) =>
  fc.record({
    variables: fc.record({
      CNI_COMMAND: fc.constantFrom('ADD', 'ADD', 'ADD', 'DEL', 'DEL', 'CHECK'),
      CNI_CONTAINERID: fc.constantFrom('c1', 'c2', 'c3', 'c4'),
      CNI_NETNS: fc.constantFrom(...netnsPaths),
      CNI_IFNAME: fc.constantFrom('eth0', 'eth1'),
      CNI_PATH: fc.constant('/opt/cni/bin'),
    }),
    cniVersion: fc.constantFrom(...allVersions),
    wrongKeys: fc.subarray(['prevResult', 'runtimeConfig', 'args', 'dns', 'cniVersion']),
  });

/** An environment cannot hold a zero byte. */
function withoutZeros(variables: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, value.replaceAll('\0', '')]));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
