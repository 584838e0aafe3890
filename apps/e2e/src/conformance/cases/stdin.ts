/** What is on stdin and cannot be a network configuration: refused with the code of the specification, nothing done. */
import { holds, same } from '../expect.ts';
import type { ConformanceCase } from '../case.ts';

const undecodable = (text: string, what: string): ConformanceCase => ({
  id: `stdin.undecodable.${what.replaceAll(' ', '-')}`,
  title: `${what} on stdin is refused`,
  clause: 'CNI 1.1 §5 code 6',
  run: async (bench) => {
    await bench.refuse('ADD', 6, [], [await bench.container(), { stdin: text }]);
  },
});

const invalid = (what: string, config: Record<string, unknown>, names: string[]): ConformanceCase => ({
  id: `stdin.invalid.${what.replaceAll(' ', '-')}`,
  title: `a configuration with ${what} is refused`,
  clause: 'CNI 1.1 §1, §5 code 7',
  run: async (bench) => {
    await bench.refuse('ADD', 7, names, [await bench.container(), { config }]);
  },
});

export const stdinCases: ConformanceCase[] = [
  undecodable('{', 'half an object'),
  undecodable('', 'nothing'),
  undecodable('[]', 'a list'),
  undecodable('"x"', 'a string'),
  invalid('no name', { name: undefined }, ['name']),
  invalid('an empty name', { name: '' }, ['name']),
  invalid('a slash in the name', { name: 'a/b' }, ['a/b']),
  invalid('a leading minus in the name', { name: '-a' }, ['-a']),
  { ...invalid('a relative socket path', { socket: 'run/s.sock' }, ['socket', 'run/s.sock']), isOursOnly: true },
  { ...invalid('a timeout that is no number', { timeoutMs: 'soon' }, ['timeoutMs', 'soon']), isOursOnly: true },
  {
    id: 'stdin.version.unknown',
    title: 'a cniVersion that it does not speak is refused with the list of those it does',
    clause: 'CNI 1.1 §5 code 1',
    run: async (bench) => {
      const options = { config: { cniVersion: '9.9.9' } };
      const { msg, details } = await bench.refuse('ADD', 1, ['9.9.9'], [await bench.container(), options]);
      holds(`no list of versions: ${msg} ${details ?? ''}`, /0\.4\.0.*1\.0\.0/.test(`${msg} ${details ?? ''}`));
    },
  },
  {
    id: 'stdin.version.absent',
    title: 'without cniVersion the result is of 0.1.0',
    clause: 'CNI 0.2.0: absent means 0.1.0',
    run: async (bench) => {
      const result = await bench.add(await bench.container(), { config: { cniVersion: undefined } });
      holds(`no ip4 in ${JSON.stringify(result)}`, 'ip4' in result);
    },
  },
  {
    id: 'stdin.error.version',
    title: 'an error object says its cniVersion, that of the configuration',
    clause: 'CNI 1.1 §5 Error: cniVersion',
    run: async (bench) => {
      const { cniVersion } = await bench.refuse('ADD', 7, [], [await bench.container(), { config: { name: '-' } }]);
      same('cniVersion', cniVersion, '1.0.0');
    },
  },
  {
    id: 'stdin.ipam.foreign',
    title: 'an ipam beside it is refused: its addresses would be routed by nobody',
    clause: 'CNI 1.1 §5 code 2',
    isOursOnly: true,
    run: async (bench) => {
      const options = { config: { ipam: { type: 'host-local' } } };
      await bench.refuse('ADD', 2, ['ipam', 'host-local'], [await bench.container(), options]);
    },
  },
];
