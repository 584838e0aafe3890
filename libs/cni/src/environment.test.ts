/** The environment: what is required of each verb, and which values are refused. */
import { CatalogueError } from '@wgcni/base';
import { describe, expect, it } from 'vitest';
import { parseEnvironment, type Variables } from './environment.ts';

const add = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c1', CNI_NETNS: '/run/netns/a', CNI_IFNAME: 'eth0' };

function refusal(variables: Variables): CatalogueError {
  try {
    parseEnvironment(variables);
  } catch (error) {
    if (error instanceof CatalogueError) return error;
  }
  throw new Error('it was accepted');
}

describe('parseEnvironment', () => {
  it('reads an ADD', () => {
    expect(parseEnvironment({ ...add, CNI_ARGS: 'IP=10.0.0.9' })).toEqual({
      verb: 'ADD',
      containerId: 'c1',
      ifName: 'eth0',
      netns: '/run/netns/a',
      args: 'IP=10.0.0.9',
      isHostNetnsAllowed: false,
    });
  });

  it('takes a missing or an empty command for a question about the plugin', () => {
    expect(parseEnvironment({})).toBeUndefined();
    expect(parseEnvironment({ ...add, CNI_COMMAND: '' })).toBeUndefined();
  });

  it('names everything that is missing or empty in one message', () => {
    const error = refusal({ CNI_COMMAND: 'ADD', CNI_IFNAME: '' });
    expect(error.cni).toBe(4);
    expect(error.message).toMatch(/CNI_CONTAINERID.*CNI_NETNS.*CNI_IFNAME/);
  });

  it.each(['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'])('requires %s of ADD and CHECK', (name) => {
    for (const verb of ['ADD', 'CHECK']) {
      expect(refusal({ ...add, CNI_COMMAND: verb, [name]: '' }).message).toContain(name);
    }
  });

  it('lets DEL come without a namespace, but not without container and interface', () => {
    expect(parseEnvironment({ ...add, CNI_COMMAND: 'DEL', CNI_NETNS: '' })).toMatchObject({ netns: undefined });
    expect(refusal({ CNI_COMMAND: 'DEL', CNI_NETNS: '/x' }).field).toBe('CNI_CONTAINERID, CNI_IFNAME');
  });

  it('requires the plugin path of GC, and nothing of STATUS and VERSION', () => {
    expect(refusal({ CNI_COMMAND: 'GC' }).field).toBe('CNI_PATH');
    expect(parseEnvironment({ CNI_COMMAND: 'STATUS' })).toEqual({ verb: 'STATUS' });
    expect(parseEnvironment({ CNI_COMMAND: 'VERSION' })).toEqual({ verb: 'VERSION' });
  });

  it.each(['add', 'PING', ' ADD', 'toString'])('refuses the command "%s"', (command) => {
    const error = refusal({ ...add, CNI_COMMAND: command });
    expect(error.cni).toBe(4);
    expect(error.message).toContain(`"${command}"`);
    expect(error.remedy).toContain('ADD, DEL, CHECK, GC, STATUS, VERSION');
  });

  it.each(['../x', '-x', '_x', 'a/b', 'a b', 'ä', 'a'.repeat(254), 'a\n'])('refuses container id %j', (id) => {
    expect(refusal({ ...add, CNI_CONTAINERID: id })).toMatchObject({ code: 'environment.invalid' });
  });

  it.each([
    'a23456789012345x',
    '/',
    'a/b',
    '..',
    '.',
    'a b',
    'a:b',
    'äöüäöüäö',
    'eth0\n',
    'eth%d',
    '-x',
    'a#b',
    'a"b',
    "a'b",
    'a\\b',
    'a\u0001',
  ])('refuses interface name %j', (name) => {
    expect(refusal({ ...add, CNI_IFNAME: name })).toMatchObject({ field: 'CNI_IFNAME', cni: 4 });
  });

  it('accepts the longest interface name', () => {
    expect(parseEnvironment({ ...add, CNI_IFNAME: 'a'.repeat(15) })).toMatchObject({ ifName: 'a'.repeat(15) });
  });

  it('refuses a relative namespace path', () => {
    expect(refusal({ ...add, CNI_NETNS: 'netns/a' })).toMatchObject({ field: 'CNI_NETNS', cni: 4 });
  });

  it.each([
    ['1', true],
    ['TRUE', true],
    ['true', true],
    ['0', false],
    ['', false],
    ['yes', false],
  ])('reads CNI_NETNS_OVERRIDE=%s as %s', (text, isAllowed) => {
    expect(parseEnvironment({ ...add, CNI_NETNS_OVERRIDE: text })).toMatchObject({ isHostNetnsAllowed: isAllowed });
  });
});
