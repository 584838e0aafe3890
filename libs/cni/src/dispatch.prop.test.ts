/** Whatever a runtime sends, one call ends in success or in one error object with code and message. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dispatch, type VerbEffects } from './dispatch.ts';
import { verbs } from './environment.ts';
import { cniVersions } from './version.ts';

const effects: VerbEffects = {
  add: async () => ({
    attached: { addresses: [{ address: 'fd64::2/128', gateway: 'fd64::1' }], mtu: 1420 },
    answered: async () => {},
    undo: async () => {},
  }),
  del: async () => {},
  check: async () => {},
  gc: async () => {},
  status: async () => {},
};

const text = fc.oneof(
  fc.string(),
  fc.constantFrom('', 'c1', 'eth0', '/run/netns/a', 'IP=10.0.0.1;', 'IgnoreUnknown=1'),
);
const variables = fc.record(
  {
    CNI_COMMAND: fc.oneof({ arbitrary: fc.constantFrom(...verbs), weight: 9 }, fc.string()),
    CNI_CONTAINERID: fc.oneof({ arbitrary: fc.constant('c1'), weight: 5 }, text),
    CNI_NETNS: fc.oneof({ arbitrary: fc.constant('/run/netns/a'), weight: 5 }, text),
    CNI_IFNAME: fc.oneof({ arbitrary: fc.constant('eth0'), weight: 5 }, text),
    CNI_PATH: fc.constant('/opt/cni/bin'),
    CNI_ARGS: text,
    CNI_NETNS_OVERRIDE: text,
  },
  { requiredKeys: ['CNI_COMMAND'] },
);

/** An object that is nearly right: the keys we read, with values of any shape. */
const nearly = (keys: readonly string[]) =>
  fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 });
const ip = fc.record(
  { address: fc.oneof(text, fc.constant('10.0.0.2/32')), interface: fc.oneof(fc.integer(), fc.constant(0)) },
  { requiredKeys: [] },
);
const prevResult = fc.oneof(
  nearly(['cniVersion', 'ips', 'interfaces', 'routes', 'dns', 'ip4', 'ip6']),
  fc.record({
    interfaces: fc.array(fc.record({ name: text, sandbox: text })),
    ips: fc.array(ip),
  }),
);
const config = fc.record(
  {
    cniVersion: fc.oneof({ arbitrary: fc.constantFrom(...cniVersions), weight: 9 }, fc.jsonValue()),
    name: fc.oneof({ arbitrary: fc.constant('mesh'), weight: 9 }, fc.jsonValue()),
    prevResult: fc.oneof(prevResult, fc.jsonValue()),
    runtimeConfig: fc.oneof(nearly(['ips', 'IPs', 'dns', 'mac']), fc.jsonValue()),
    args: fc.oneof(nearly(['cni']), fc.jsonValue()),
    dns: fc.oneof(nearly(['nameservers', 'domain', 'search', 'options']), fc.jsonValue()),
    'cni.dev/valid-attachments': fc.oneof(fc.array(fc.record({ containerID: text, ifname: text })), fc.jsonValue()),
    timeoutMs: fc.jsonValue(),
    socket: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const stdin = fc.oneof({ arbitrary: config.map((value) => JSON.stringify(value)), weight: 9 }, fc.string(), fc.json());

describe('dispatch', () => {
  it('never crashes, and fails only with a code and a message', async () => {
    await fc.assert(
      fc.asyncProperty(variables, stdin, async (environment, input) => {
        const outcome = await dispatch({
          variables: environment,
          readStdin: async () => input,
          pluginVersion: '0.0.0',
          effects,
        });
        if (outcome.exitCode === 0) return;
        const { code, msg, cniVersion } = outcome.answer ?? {};
        expect([1, 2, 4, 6, 7]).toContain(code);
        expect(msg).toMatch(/\S/);
        expect(cniVersions).toContain(cniVersion);
      }),
      { numRuns: 2000 },
    );
  });

  it('prints only results whose indexes point into their interfaces', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...cniVersions), prevResult, async (cniVersion, previous) => {
        const { exitCode, answer } = await dispatch({
          variables: { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c', CNI_NETNS: '/n', CNI_IFNAME: 'e' },
          readStdin: async () => JSON.stringify({ cniVersion, name: 'mesh', prevResult: previous }),
          pluginVersion: '0.0.0',
          effects,
        });
        if (exitCode !== 0 || answer === undefined) return;
        const interfaces = (answer.interfaces ?? []) as unknown[];
        for (const { interface: at } of (answer.ips ?? []) as { interface?: number }[]) {
          if (at !== undefined) expect(interfaces[at]).toBeDefined();
        }
        expect(JSON.stringify(answer)).toContain('fd64::2/128');
      }),
      { numRuns: 1000 },
    );
  });
});
