/** What a plugin says of itself: without a command, and to VERSION, whatever is missing. */
import { holds, same } from '../expect.ts';
import type { ConformanceCase } from '../case.ts';
import type { Bench, CallOptions } from '../bench.ts';
import { allVersions } from '../result-shape.ts';

const clause = 'CNI 1.1 §2 VERSION';

async function versions(
  bench: Bench,
  options: CallOptions,
): Promise<{ cniVersion: string; supportedVersions: string[] }> {
  const { exitCode, stdout } = await bench.call('VERSION', undefined, options);
  same('exit status', exitCode, 0);
  const answer = JSON.parse(stdout) as { cniVersion: string; supportedVersions: string[] };
  holds(`supportedVersions is no list: ${stdout}`, Array.isArray(answer.supportedVersions));
  return answer;
}

/** What libcni sets for VERSION. */
const dummies = { CNI_CONTAINERID: 'dummy', CNI_NETNS: 'dummy', CNI_IFNAME: 'dummy', CNI_PATH: 'dummy' };

const about = (id: string, when: string, env: CallOptions['env'] & object): ConformanceCase => ({
  id: `about.${id}`,
  title: `${when} it says its name, version and protocol versions on stderr and exits with 0`,
  clause: 'Nomad fingerprints it; a variable that is empty counts as missing',
  run: async (bench) => {
    const { exitCode, stdout, stderr, durationMs } = await bench.call('VERSION', undefined, { env, stdin: '' });
    same('exit status', exitCode, 0);
    same('stdout', stdout, '');
    holds(`stderr names no version: ${stderr}`, /^CNI \S+ plugin v?\S+\n.*versions supported: .*1\.0\.0/.test(stderr));
    holds(`it took ${durationMs} ms`, durationMs < 3_000);
  },
});

export const aboutCases: ConformanceCase[] = [
  about('no-environment', 'without CNI_COMMAND', { CNI_COMMAND: undefined, CNI_PATH: undefined }),
  about('empty-command', 'with CNI_COMMAND set to the empty string', { CNI_COMMAND: '', CNI_PATH: '' }),
  {
    id: 'version.input',
    title: 'VERSION answers with the version asked in and the list of those it speaks',
    clause,
    run: async (bench) => {
      const { cniVersion, supportedVersions } = await versions(bench, {});
      same('cniVersion', cniVersion, '1.0.0');
      const older = allVersions.filter((version) => version !== '1.1.0');
      holds(
        `it speaks ${supportedVersions.join(', ')}`,
        older.every((version) => supportedVersions.includes(version)),
      );
    },
  },
  {
    id: 'version.newest',
    title: 'VERSION lists 1.1.0',
    clause: 'CNI 1.1',
    run: async (bench) => {
      const { supportedVersions } = await versions(bench, {});
      holds(`it speaks ${supportedVersions.join(', ')}`, supportedVersions.includes('1.1.0'));
    },
  },
  {
    id: 'version.empty-stdin',
    title: 'VERSION answers with nothing on stdin',
    clause: 'runtimes probe so',
    run: async (bench) => void (await versions(bench, { stdin: '' })),
  },
  {
    id: 'version.dummy-variables',
    title: 'VERSION answers with dummies in every variable',
    clause: 'libcni sets them',
    run: async (bench) => void (await versions(bench, { env: dummies, stdin: '{"cniVersion":"1.0.0"}' })),
  },
  {
    id: 'version.daemon-dead',
    title: 'VERSION answers while the daemon is dead',
    clause: 'Podman calls it for every plugin',
    needs: 'daemon',
    run: async (bench, { daemon }) => {
      await daemon?.stop();
      try {
        await versions(bench, {});
      } finally {
        await daemon?.start();
      }
    },
  },
];
