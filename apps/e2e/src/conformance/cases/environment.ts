/** Environment variables that are missing or malformed: refused with code 4 before anything is done. */
import type { ConformanceCase } from '../case.ts';

const clause = 'CNI 1.1 §2 Parameters, code 4';
const needed = ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'] as const;

const missing = (variable: string, value: string | undefined): ConformanceCase => ({
  id: `environment.${value === undefined ? 'missing' : 'empty'}.${variable}`,
  title: `ADD with ${variable} ${value === undefined ? 'missing' : 'empty'} is refused and names it`,
  clause,
  run: async (bench) => {
    const container = await bench.container();
    await bench.refuse('ADD', 4, [variable], [container, { env: { [variable]: value } }]);
  },
});

/** Of a container that is attached, so that everything else about the call is right; one variable at a time. */
const missingLater = (
  verb: 'CHECK' | 'DEL',
  variables: readonly string[],
  value: string | undefined,
): ConformanceCase => ({
  id: `environment.${value === undefined ? 'missing' : 'empty'}.${verb}`,
  title: `${verb} is refused with each of ${variables.join(', ')} ${value === undefined ? 'missing' : 'empty'}, and names it`,
  clause,
  run: async (bench) => {
    const container = await bench.container();
    const prevResult = await bench.add(container);
    for (const variable of variables) {
      const options = { config: { prevResult }, env: { [variable]: value } };
      await bench.refuse(verb, 4, [variable], [container, options]);
    }
    await bench.succeed('CHECK', container, { config: { prevResult } });
  },
});

const malformed = (variable: string, value: string, what: string): ConformanceCase => ({
  id: `environment.malformed.${variable}.${what.replaceAll(' ', '-')}`,
  title: `ADD with ${what} in ${variable} is refused and names the value`,
  clause,
  run: async (bench) => {
    const container = await bench.container();
    await bench.refuse('ADD', 4, [value], [container, { env: { [variable]: value } }]);
  },
});

export const environmentCases: ConformanceCase[] = [
  ...['FOO', 'add'].map((command): ConformanceCase => ({
    id: `environment.command.${command}`,
    title: `the command ${command} is refused and named`,
    clause,
    run: async (bench) => {
      await bench.refuse('ADD', 4, [command], [await bench.container(), { env: { CNI_COMMAND: command } }]);
    },
  })),
  ...needed.map((variable) => missing(variable, undefined)),
  ...needed.map((variable) => missing(variable, '')),
  ...[undefined, ''].flatMap((value) => [
    missingLater('CHECK', needed, value),
    // CNI_NETNS is not among them: DEL comes when the namespace is gone.
    missingLater('DEL', ['CNI_CONTAINERID', 'CNI_IFNAME'], value),
  ]),
  {
    id: 'environment.missing.all',
    title: 'everything that is missing is named in one message',
    clause,
    run: async (bench) => {
      const env = Object.fromEntries(needed.map((variable) => [variable, undefined]));
      const error = await bench.refuse('ADD', 4, needed, [await bench.container(), { env }]);
      const unnamed = needed.filter((variable) => !`${error.msg} ${error.details ?? ''}`.includes(variable));
      if (unnamed.length > 0) throw new Error(`it does not name ${unnamed.join(', ')}: ${error.msg}`);
    },
  },
  {
    id: 'environment.missing.del',
    title: 'DEL without container id and interface name is refused',
    clause,
    run: async (bench) => {
      const env = { CNI_CONTAINERID: undefined, CNI_IFNAME: undefined };
      await bench.refuse('DEL', 4, ['CNI_CONTAINERID', 'CNI_IFNAME'], [await bench.container(), { env }]);
    },
  },
  malformed('CNI_CONTAINERID', '../x', 'a path'),
  malformed('CNI_CONTAINERID', '-x', 'a leading minus'),
  malformed('CNI_IFNAME', 'sixteen-letters-', '16 characters'),
  malformed('CNI_IFNAME', 'a/b', 'a slash'),
  malformed('CNI_IFNAME', '..', 'two dots'),
  malformed('CNI_IFNAME', 'a b', 'a blank'),
  malformed('CNI_IFNAME', 'a:b', 'a colon'),
];
