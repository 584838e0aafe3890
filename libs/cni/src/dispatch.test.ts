/** One call: which verb reaches the effects, which is refused before, and what is printed. */
import { CatalogueError } from '@wgcni/base';
import { describe, expect, it } from 'vitest';
import { dispatch, type Outcome, type VerbEffects } from './dispatch.ts';
import type { JsonObject } from './json-shape.ts';

const target = { CNI_CONTAINERID: 'c1', CNI_NETNS: '/run/netns/a', CNI_IFNAME: 'eth0', CNI_PATH: '/opt/cni/bin' };
const attached = { addresses: [{ address: '10.64.3.2/32', gateway: '10.64.3.1' }], mtu: 1420 };
const prevResult = {
  cniVersion: '1.0.0',
  interfaces: [{ name: 'eth0', mac: '00:00:00:00:00:00', sandbox: '/run/netns/a' }],
  ips: [{ address: '10.64.3.2/32', interface: 0 }],
  routes: [{ dst: '0.0.0.0/0' }],
};

/** Effects that write down what they were asked, and fail when told to. */
function recorder(failure?: Error, given = attached) {
  const asked: unknown[][] = [];
  const record = async (...what: unknown[]): Promise<void> => {
    asked.push(what);
    if (failure !== undefined) throw failure;
  };
  const effects: VerbEffects = {
    add: async (_config, environment, ips) => {
      await record('add', environment.containerId, ips);
      return { attached: given, answered: () => record('answered'), undo: () => record('undo') };
    },
    del: (_config, environment) => record('del', environment.containerId, environment.netns),
    check: (_config, _environment, listed) => record('check', listed),
    gc: (config, valid) => record('gc', valid, config.isGcForced),
    status: () => record('status'),
  };
  return { asked, effects };
}

function run(verb: string, config: JsonObject | string, effects: VerbEffects, variables = target): Promise<Outcome> {
  const stdin = typeof config === 'string' ? config : JSON.stringify({ name: 'mesh', ...config });
  return dispatch({
    variables: { ...variables, CNI_COMMAND: verb },
    readStdin: async () => stdin,
    pluginVersion: '1.2.3',
    effects,
  });
}

describe('dispatch', () => {
  it('prints the about text without a command, and does not read stdin', async () => {
    const outcome = await dispatch({
      variables: {},
      readStdin: () => Promise.reject(new Error('stdin was read')),
      pluginVersion: '1.2.3',
      effects: recorder().effects,
    });
    expect(outcome).toEqual({ exitCode: 0, about: expect.stringMatching(/^CNI wireguard-cni plugin v1\.2\.3\n/) });
  });

  it.each([
    ['', '1.1.0'],
    ['{"cniVersion":"0.4.0"}', '0.4.0'],
    ['{"cniVersion":"9.0.0"}', '9.0.0'],
  ])('answers VERSION to %j in %s', async (stdin, cniVersion) => {
    const { answer } = await run('VERSION', stdin, recorder().effects);
    expect(answer).toEqual({
      cniVersion,
      supportedVersions: ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'],
    });
  });

  it('answers a delegated ADD with addresses and routes alone', async () => {
    const { asked, effects } = recorder(undefined, {
      addresses: [{ address: '10.64.3.2/24', gateway: '10.64.3.1' }],
      mtu: 1420,
    });
    const config = {
      cniVersion: '1.0.0',
      type: 'ptp',
      ipam: { type: 'wireguard-cni' },
      dns: { domain: 'd' },
      prevResult,
    };
    const { answer } = await run('ADD', config, effects);
    expect(answer).toEqual({
      cniVersion: '1.0.0',
      ips: [{ address: '10.64.3.2/24', gateway: '10.64.3.1' }],
      routes: [{ dst: '0.0.0.0/0' }],
      dns: {},
    });
    expect(asked).toEqual([['add', 'c1', []]]);
  });

  it('asks of a delegated CHECK only whether the addresses are held', async () => {
    const { asked, effects } = recorder();
    await run('CHECK', { cniVersion: '1.0.0', type: 'ptp', ipam: { type: 'wireguard-cni' }, prevResult }, effects);
    expect(asked).toEqual([['check', { addresses: [], routes: [] }]]);
  });

  it('answers ADD with the result, its DNS, and leaves the confirmation to the caller', async () => {
    const { asked, effects } = recorder();
    const config = { cniVersion: '1.0.0', dns: { domain: 'd' }, args: { cni: { ips: ['10.64.3.2'] } } };
    const { answer, addition } = await run('ADD', config, effects);
    expect(answer).toMatchObject({ cniVersion: '1.0.0', ips: [{ interface: 0 }], dns: { domain: 'd' } });
    expect(asked).toEqual([['add', 'c1', ['10.64.3.2']]]);
    expect(addition).toBeDefined();
  });

  it('puts our interface after that of an earlier plugin', async () => {
    const earlier = { ...prevResult, interfaces: [{ name: 'lo', sandbox: '/run/netns/a' }] };
    const { answer } = await run('ADD', { cniVersion: '1.0.0', prevResult: earlier }, recorder().effects);
    expect(answer).toMatchObject({
      interfaces: [{ name: 'lo' }, { name: 'eth0' }],
      ips: [{ interface: 0 }, { interface: 1 }],
    });
  });

  it('takes an attachment back whose result would be wrong', async () => {
    const { asked, effects } = recorder(undefined, { ...attached, addresses: [{ address: 'x', gateway: 'y' }] });
    const { answer } = await run('ADD', { cniVersion: '1.0.0' }, effects);
    expect(answer).toMatchObject({ code: 5, msg: expect.stringContaining('"x"') });
    expect(asked.at(-1)).toEqual(['undo']);
  });

  it.each([
    ['prevResult', { prevResult: { ips: [{ address: '10.0.0.1/32', interface: 3 }] } }, 7],
    ['runtimeConfig', { runtimeConfig: { ips: [7] } }, 7],
    ['dns', { dns: { search: 'x' } }, 7],
    ['ipam', { ipam: { type: 'host-local' } }, 2],
  ])('refuses a malformed %s before anything is attached', async (field, config, code) => {
    const { asked, effects } = recorder();
    const { answer } = await run('ADD', { cniVersion: '1.0.0', ...config }, effects);
    expect(answer).toMatchObject({ code, msg: expect.stringContaining(field) });
    expect(asked).toEqual([]);
  });

  it('deletes whatever else the configuration holds, without namespace, CNI_ARGS or prevResult', async () => {
    const { asked, effects } = recorder();
    const odd = { prevResult: 7, runtimeConfig: 7, args: 7, dns: 7, ipam: { type: 'x' } };
    const outcome = await run('DEL', odd, effects, { ...target, CNI_NETNS: '', CNI_ARGS: '==' } as typeof target);
    expect(outcome).toEqual({ exitCode: 0 });
    expect(asked).toEqual([['del', 'c1', undefined]]);
  });

  it('checks the addresses that the previous result gives to our interface, and the routes that it lists', async () => {
    const { asked, effects } = recorder();
    expect(await run('CHECK', { cniVersion: '0.4.0', prevResult }, effects)).toEqual({ exitCode: 0 });
    expect(asked).toEqual([['check', { addresses: ['10.64.3.2/32'], routes: ['0.0.0.0/0'] }]]);
  });

  it('answers code 7 to CHECK without a previous result', async () => {
    const { answer } = await run('CHECK', { cniVersion: '1.0.0' }, recorder().effects);
    expect(answer).toMatchObject({ code: 7, msg: 'prevResult is missing' });
  });

  it.each([
    ['CHECK', '0.3.1', 1],
    ['CHECK', '0.4.0', 7],
    ['GC', '1.0.0', 1],
    ['STATUS', '1.0.0', 1],
    ['STATUS', undefined, 1],
  ])('answers %s in version %s with code %i', async (verb, cniVersion, code) => {
    const { asked, effects } = recorder();
    const { answer, exitCode } = await run(verb, { cniVersion }, effects);
    expect(answer).toMatchObject({ cniVersion: cniVersion ?? '0.1.0', code });
    expect([exitCode, asked]).toEqual([1, []]);
  });

  it('collects what is not valid, and nothing when no list is given', async () => {
    const { asked, effects } = recorder();
    await run('GC', { cniVersion: '1.1.0' }, effects);
    expect(asked).toEqual([]);
    await run('GC', { cniVersion: '1.1.0', 'cni.dev/valid-attachments': null, gcForce: true }, effects);
    expect(asked).toEqual([['gc', [], true]]);
  });

  it('prints a failure of an effect with its code, message and remedy, in the version asked', async () => {
    const failure = new CatalogueError('pool.exhausted', 'no address is free', { remedy: 'delete a container' });
    const { answer } = await run('ADD', { cniVersion: '0.3.1' }, recorder(failure).effects);
    expect(answer).toEqual({
      cniVersion: '0.3.1',
      code: 101,
      msg: 'no address is free',
      details: 'delete a container',
    });
  });

  it('prints a failure that nobody foresaw as code 5', async () => {
    const { answer } = await run('STATUS', { cniVersion: '1.1.0' }, recorder(new Error('odd')).effects);
    expect(answer).toMatchObject({ code: 5, msg: 'odd' });
  });
});
