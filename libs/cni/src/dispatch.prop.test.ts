/** Whatever a runtime sends, one call ends in success or in one error object with code and message. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dispatch, type Outcome, type VerbEffects } from './dispatch.ts';
import { verbs } from './environment.ts';
import { fuzzedPrevResult, fuzzedStdin, fuzzedVariables } from './fuzz/index.ts';
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

/** As many calls as the conformance of the plugin is claimed on. */
const calls = 100_000;

const stackTrace = /\\n\s+at .*:[0-9]+:[0-9]+/;

describe('dispatch', () => {
  it(`never crashes in ${calls} calls, and fails only with a code and a message`, async () => {
    let made = 0;
    await fc.assert(
      fc.asyncProperty(fuzzedVariables, fuzzedStdin, async (environment, input) => {
        // Each input by every verb, and by whatever else CNI_COMMAND was made to say.
        for (const command of new Set([environment.CNI_COMMAND, ...verbs])) {
          made += 1;
          isProper(await callWith({ ...environment, CNI_COMMAND: command }, input));
        }
      }),
      { numRuns: Math.ceil(calls / verbs.length) },
    );
    expect(made).toBeGreaterThanOrEqual(calls);
  }, 120_000);

  it('prints only results whose indexes point into their interfaces', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...cniVersions), fuzzedPrevResult, async (cniVersion, previous) => {
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

function callWith(variables: Record<string, string>, input: string): Promise<Outcome> {
  return dispatch({ variables, readStdin: async () => input, pluginVersion: '0.0.0', effects });
}

/** Success, or one error object of our catalogue; expectations of the test library would cost more than the calls. */
function isProper({ exitCode, answer }: Outcome): void {
  if (exitCode === 0) return;
  const { code, msg, cniVersion } = answer ?? {};
  const isCoded = [1, 2, 4, 6, 7].includes(code as number) && (cniVersions as readonly unknown[]).includes(cniVersion);
  const isTold = typeof msg === 'string' && /\S/.test(msg) && !stackTrace.test(JSON.stringify(answer));
  if (!isCoded || !isTold) throw new Error(`not a proper refusal: ${JSON.stringify(answer)}`);
}
