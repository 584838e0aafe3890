/** What the runtime says in the environment: the verb, and which interface of which container in which namespace. */
import { CatalogueError } from '@wgcni/base';

export const verbs = ['ADD', 'DEL', 'CHECK', 'GC', 'STATUS', 'VERSION'] as const;
type Verb = (typeof verbs)[number];

/** The environment as a process has it; a variable set to the empty string counts as missing. */
export type Variables = Readonly<Record<string, string | undefined>>;

interface Target {
  containerId: string;
  ifName: string;
}

interface LiveTarget extends Target {
  /** The path of the network namespace, byte for byte as the runtime wrote it. */
  netns: string;
}

export interface AddEnvironment extends LiveTarget {
  verb: 'ADD';
  /** CNI_ARGS, unparsed; empty when absent. */
  args: string;
  /** CNI_NETNS_OVERRIDE: the namespace may be the node's own. */
  isHostNetnsAllowed: boolean;
}

export interface CheckEnvironment extends LiveTarget {
  verb: 'CHECK';
}

export interface DelEnvironment extends Target {
  verb: 'DEL';
  /** Absent when the namespace is gone already. */
  netns: string | undefined;
}

export type Environment =
  AddEnvironment | CheckEnvironment | DelEnvironment | { verb: 'GC' } | { verb: 'STATUS' } | { verb: 'VERSION' };

/** SPEC: CNI 1.1 §2 "CNI operations": what each verb requires beside CNI_COMMAND. */
const required: Record<Verb, readonly string[]> = {
  ADD: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'],
  CHECK: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'],
  DEL: ['CNI_CONTAINERID', 'CNI_IFNAME'],
  GC: ['CNI_PATH'],
  STATUS: [],
  VERSION: [],
};

const maxContainerIdLength = 253;
const maxIfNameBytes = 15;
const maxNetnsLength = 4096;

/**
 * The environment of one call, or undefined when CNI_COMMAND is missing and only the about text is wanted.
 * Throws CatalogueError `environment.invalid` naming everything that is missing, or the first value that is malformed.
 */
export function parseEnvironment(variables: Variables): Environment | undefined {
  const command = read(variables, 'CNI_COMMAND');
  if (command === undefined) return undefined;
  const verb = parseVerb(command);
  const missing = required[verb].filter((name) => read(variables, name) === undefined);
  if (missing.length > 0) throw missingError(verb, missing);
  if (verb === 'GC' || verb === 'STATUS' || verb === 'VERSION') return { verb };
  const target = {
    containerId: parseContainerId(read(variables, 'CNI_CONTAINERID') ?? ''),
    ifName: parseIfName(read(variables, 'CNI_IFNAME') ?? ''),
  };
  const netns = read(variables, 'CNI_NETNS');
  if (verb === 'DEL') return { verb, ...target, netns };
  const live = { ...target, netns: parseNetns(netns ?? '') };
  if (verb === 'CHECK') return { verb, ...live };
  const override = read(variables, 'CNI_NETNS_OVERRIDE') ?? '';
  return {
    verb,
    ...live,
    args: read(variables, 'CNI_ARGS') ?? '',
    isHostNetnsAllowed: /^(1|true)$/i.test(override),
  };
}

function read(variables: Variables, name: string): string | undefined {
  const value = variables[name];
  return value === '' ? undefined : value;
}

function parseVerb(command: string): Verb {
  const verb = verbs.find((candidate) => candidate === command);
  if (verb !== undefined) return verb;
  throw invalid('CNI_COMMAND', `CNI_COMMAND "${command}" is not a verb of CNI`, `use one of ${verbs.join(', ')}`);
}

function missingError(verb: Verb, missing: readonly string[]): CatalogueError {
  const names = missing.join(', ');
  return invalid(
    names,
    `required environment variables are missing or empty for ${verb}: ${names}`,
    'set each of them',
  );
}

/** SPEC: CNI 1.1 "Parameters": a letter or digit, then letters, digits, '_', '.', '-'. */
function parseContainerId(text: string): string {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(text) && text.length <= maxContainerIdLength) return text;
  throw invalid(
    'CNI_CONTAINERID',
    `CNI_CONTAINERID "${text}" is not a container id`,
    `use at most ${maxContainerIdLength} letters, digits, "_", "." and "-", beginning with a letter or digit`,
  );
}

/**
 * Linux: at most 15 bytes, neither '.' nor '..', no '/', ':' or white space. Narrower than that: the kernel expands '%d', and what a
 * shell or a batch of `ip` reads as its own signs would make a link that nobody can name afterwards.
 */
function parseIfName(text: string): string {
  const bytes = new TextEncoder().encode(text).length;
  if (/^(?!-)[^/:\s%#"'`\\\p{Cc}]+$/u.test(text) && text !== '.' && text !== '..' && bytes <= maxIfNameBytes)
    return text;
  throw invalid(
    'CNI_IFNAME',
    `CNI_IFNAME "${text}" is not an interface name`,
    `use at most ${maxIfNameBytes} bytes without "/", ":", "%", "#", quotes, backslash, white space and leading "-", like eth0`,
  );
}

function parseNetns(text: string): string {
  if (text.startsWith('/') && text.length <= maxNetnsLength) return text;
  throw invalid(
    'CNI_NETNS',
    `CNI_NETNS "${text}" is not an absolute path`,
    'give the path of a network namespace, like /run/netns/name',
  );
}

function invalid(field: string, message: string, remedy: string): CatalogueError {
  return new CatalogueError('environment.invalid', message, { field, remedy });
}
