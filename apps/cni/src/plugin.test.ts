/** The bundled plugin as a runtime executes it, against a node-manager on a real socket. */
import { execFileSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeQueueEntry } from '@wgcni/cni';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { executePlugin, type Run } from './testing/execute-plugin.ts';
import { FakeNodeManager } from './fake-node-manager.ts';

const bundleDir = mkdtempSync(join(tmpdir(), 'wgcni-bundle-'));
const plugin = join(bundleDir, 'wireguard-cni');
const target = { CNI_CONTAINERID: 'c1', CNI_NETNS: '/run/netns/a', CNI_IFNAME: 'eth0', CNI_PATH: '/opt/cni/bin' };
let dir: string;
let socket: string;
let queueDir: string;
let node: FakeNodeManager;

beforeAll(() => {
  const esbuild = join(import.meta.dirname, '../../../node_modules/.bin/esbuild');
  const options = ['--bundle', '--platform=node', '--target=node20', '--format=cjs', '--log-level=warning'];
  const version = `--define:__WGCNI_VERSION__=${JSON.stringify('1.2.3')}`;
  execFileSync(esbuild, [join(import.meta.dirname, 'main.ts'), ...options, version, `--outfile=${plugin}`]);
});
afterAll(() => rmSync(bundleDir, { recursive: true }));

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'wgcni-plugin-'));
  socket = join(dir, 'node.sock');
  queueDir = join(dir, 'queue');
  node = new FakeNodeManager();
  await node.listen(socket);
});
afterEach(async () => {
  await node.close();
  rmSync(dir, { recursive: true });
});

const execute = (
  variables: Record<string, string>,
  stdin: string | null,
  tamper?: (child: ChildProcessWithoutNullStreams) => void,
): Promise<Run> => executePlugin(plugin, { variables, stdin, ...(tamper === undefined ? {} : { tamper }) });

function run(verb: string, config: object = {}, variables: Record<string, string> = {}): Promise<Run> {
  return execute({ ...target, CNI_COMMAND: verb, ...variables }, configText(config));
}

function configText(config: object): string {
  return JSON.stringify({ cniVersion: '1.1.0', name: 'mesh', type: 'wireguard-cni', socket, queueDir, ...config });
}

/** What E(k) means: non-zero exit and exactly one object on stdout, with code, message and what to do. */
function failureOf({ exitCode, stdout }: Run): { code: number; msg: string; details: string } {
  expect(exitCode).toBe(1);
  const failure = JSON.parse(stdout);
  expect(failure).toEqual({
    cniVersion: expect.any(String),
    code: expect.any(Number),
    msg: expect.stringMatching(/\S/),
    details: expect.stringMatching(/\S/),
  });
  return failure;
}

function queued(): string[] {
  return readdirSync(queueDir);
}

describe('about and VERSION', () => {
  it('tells name and versions on stderr when there is no command, without waiting for stdin', async () => {
    const { exitCode, stdout, stderr } = await execute({}, null);
    expect([exitCode, stdout]).toEqual([0, '']);
    expect(stderr).toBe(
      'CNI wireguard-cni plugin v1.2.3\nCNI protocol versions supported: 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0\n',
    );
  });

  it.each(['', '{"cniVersion":"1.0.0"}'])('answers VERSION to %j with the node-manager dead', async (stdin) => {
    await node.close();
    const { exitCode, stdout } = await execute({ ...target, CNI_COMMAND: 'VERSION', CNI_NETNS: 'dummy' }, stdin);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).supportedVersions).toHaveLength(7);
  });
});

describe('environment and stdin', () => {
  it.each([
    ['an unknown command', { CNI_COMMAND: 'PING' }, 'PING'],
    ['a lower-case command', { CNI_COMMAND: 'add' }, '"add"'],
    ['no container', { CNI_CONTAINERID: '' }, 'CNI_CONTAINERID'],
    ['nothing', { CNI_CONTAINERID: '', CNI_NETNS: '', CNI_IFNAME: '' }, 'CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME'],
    ['a container id that climbs', { CNI_CONTAINERID: '../x' }, '../x'],
    ['a long interface name', { CNI_IFNAME: 'a23456789012345x' }, 'a23456789012345x'],
  ])('answers code 4 to %s', async (_what, variables, named) => {
    const { code, msg } = failureOf(await run('ADD', {}, variables));
    expect([code, msg]).toEqual([4, expect.stringContaining(named)]);
    expect(node.seen).toEqual([]);
  });

  it.each([
    ['{', 6],
    ['', 6],
    ['[]', 6],
    ['"text"', 6],
    ['{"cniVersion":"1.0.0"}', 7],
    ['{"cniVersion":"1.0.0","name":"-x"}', 7],
    ['{"cniVersion":"3.0.0","name":"mesh"}', 1],
  ])('answers to stdin %j with code %i', async (stdin, code) => {
    expect(failureOf(await execute({ ...target, CNI_COMMAND: 'ADD' }, stdin)).code).toBe(code);
  });

  it('gives up on an stdin that is not closed', async () => {
    const result = await execute({ ...target, CNI_COMMAND: 'ADD' }, null);
    expect(failureOf(result)).toMatchObject({ code: 5, msg: expect.stringContaining('stdin was not closed') });
    expect(result.tookMs).toBeLessThan(10_000);
  });
});

describe('ADD', () => {
  it.each(['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'])('answers in version %s', async (version) => {
    const { exitCode, stdout } = await run('ADD', { cniVersion: version });
    const result = JSON.parse(stdout);
    expect([exitCode, result.cniVersion]).toEqual([0, version]);
    if (version < '0.3.0') {
      expect(result).toMatchObject({
        ip4: { ip: '10.64.3.2/32', gateway: '10.64.3.1' },
        ip6: { gateway: 'fd64:0:0:3::1' },
      });
      return;
    }
    expect(result.interfaces).toMatchObject([{ name: 'eth0', mac: '00:00:00:00:00:00', sandbox: '/run/netns/a' }]);
    expect(result.ips.map((ip: { interface: number }) => ip.interface)).toEqual([0, 0]);
    expect('version' in result.ips[0]).toBe(version < '1.0.0');
    expect(result.routes).toEqual([{ dst: '0.0.0.0/0' }, { dst: '::/0' }]);
  });

  it('answers in 0.1.0 when the configuration names no version', async () => {
    const { stdout } = await run('ADD', { cniVersion: undefined });
    expect(JSON.parse(stdout)).toMatchObject({ cniVersion: '0.1.0', ip4: { ip: '10.64.3.2/32' } });
  });

  it('asks for the addresses the runtime wants, and confirms when the answer is out', async () => {
    await run('ADD', {}, { CNI_ARGS: 'IgnoreUnknown=1;IP=10.64.3.9;MAC=00:00:00:00:00:00;' });
    const { attempt } = node.seen[0]?.body as { attempt: string };
    expect(attempt).toMatch(/^[0-9]+-[0-9a-z]+$/);
    expect(node.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'PUT /v1/attachments/mesh/c1/eth0',
      `POST /v1/attachments/mesh/c1/eth0/answered?attempt=${attempt}`,
    ]);
    expect(node.seen[0]?.body).toMatchObject({ netns: '/run/netns/a', requestedIps: ['10.64.3.9'] });
    expect((node.seen[0]?.body as { deadlineMs: number }).deadlineMs).toBeLessThan(29_100);
    expect(node.attachments.get('mesh/c1/eth0')?.state).toBe('answered');
  });

  it('answers code 103 to a second ADD, and succeeds again after DEL', async () => {
    await run('ADD');
    expect(failureOf(await run('ADD')).code).toBe(103);
    for (const _ of [1, 2, 3])
      expect(await run('DEL', {}, { CNI_NETNS: '' })).toMatchObject({ exitCode: 0, stdout: '' });
    expect((await run('ADD')).exitCode).toBe(0);
  });

  it('succeeds although the confirmation is never answered, half a second later at most', async () => {
    node.override = ({ url }) => url.includes('/answered');
    const { exitCode, tookMs, stderr } = await run('ADD');
    expect(exitCode).toBe(0);
    expect(tookMs).toBeLessThan(3_000);
    expect(stderr).toContain('add.not-confirmed');
  });

  it('answers code 100 at once when the node-manager is not there', async () => {
    await node.close();
    const result = await run('ADD');
    expect(failureOf(result)).toMatchObject({ code: 100, msg: expect.stringContaining(socket) });
    expect(result.tookMs).toBeLessThan(3_000);
  });

  it('answers code 110 when the node-manager is slow, and closes the connection so that it rolls back', async () => {
    node.override = ({ method }) => method === 'PUT';
    const result = await run('ADD', { timeoutMs: 700 });
    expect(failureOf(result).code).toBe(110);
    expect(result.tookMs).toBeLessThan(3_000);
    expect(node.abandoned).toBe(1);
  });

  it('takes back, by the name of its own ADD, what may be attached though no answer came', async () => {
    node.override = ({ method }, response) => {
      if (method !== 'PUT') return false;
      response.destroy();
      return true;
    };
    expect(failureOf(await run('ADD')).code).toBe(100);
    const { attempt } = node.seen[0]?.body as { attempt: string };
    expect(node.seen[1]).toMatchObject({
      method: 'DELETE',
      url: `/v1/attachments/mesh/c1/eth0?attempt=${attempt}`,
    });
  });

  it.each([
    ['rubbish', '}{'],
    ['an empty object', '{}'],
    ['an attachment without addresses', '{"mtu":1420,"addresses":[]}'],
    ['a page', '<html>'],
  ])('answers code 100 to %s, prints nothing else, and takes the attachment back', async (_what, text) => {
    node.override = ({ method }, response) => {
      if (method !== 'PUT') return false;
      response.writeHead(200).end(text);
      return true;
    };
    expect(failureOf(await run('ADD')).code).toBe(100);
    expect(node.seen.map(({ method }) => method)).toEqual(['PUT', 'DELETE']);
  });

  it('answers code 100 when the connection is closed half-way', async () => {
    node.override = (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"mtu":1420,"addr');
      setTimeout(() => response.destroy(), 20);
      return true;
    };
    expect(failureOf(await run('ADD')).code).toBe(100);
  });

  it('answers code 100 when something else listens at the socket', async () => {
    const path = join(dir, 'other.sock');
    const other: Server = createServer((connection) => connection.resume().end('220 mail\r\n'));
    await new Promise<void>((resolve) => other.listen(path, resolve));
    expect(failureOf(await run('ADD', { socket: path })).code).toBe(100);
    await new Promise((resolve) => other.close(resolve));
  });
});

describe('an ADD whose runtime is gone', () => {
  it('is taken back when nobody reads the answer', async () => {
    const gone = await execute({ ...target, CNI_COMMAND: 'ADD' }, configText({}), (child) => child.stdout.destroy());
    expect(gone.exitCode).toBe(1);
    expect(node.seen.map(({ method }) => method)).toEqual(['PUT', 'DELETE']);
    expect(node.attachments.size).toBe(0);
  });

  it('closes its connection when it is killed', async () => {
    const killed = new Promise<void>((resolve) => {
      node.override = (_request, response) => {
        response.once('close', () => resolve());
        return true;
      };
    });
    const attempt = execute({ ...target, CNI_COMMAND: 'ADD' }, configText({}), (child) => {
      const kill = setInterval(() => {
        if (node.seen.length === 0) return;
        clearInterval(kill);
        child.kill('SIGKILL');
      }, 5);
    });
    await Promise.all([attempt, killed]);
    expect(node.abandoned).toBe(1);
  });
});

describe('the shipped configuration', () => {
  const path = join(import.meta.dirname, '../../../deploy/cni/10-wireguard-cni.conflist');
  const list = JSON.parse(readFileSync(path, 'utf8'));

  it.each(list.cniVersions as string[])('works as a runtime hands it over in version %s', async (cniVersion) => {
    const injected = { ...list.plugins[0], name: list.name, cniVersion, socket, queueDir };
    const { exitCode, stdout } = await run('ADD', injected);
    expect([exitCode, JSON.parse(stdout).cniVersion]).toEqual([0, cniVersion]);
    expect(list.plugins[0].type).toBe('wireguard-cni');
  });
});

describe('DEL', () => {
  it('says where the container was, when that is a path', async () => {
    for (const netns of ['/run/netns/a b', 'gone', '']) await run('DEL', {}, { CNI_NETNS: netns });
    const path = '/v1/attachments/mesh/c1/eth0';
    expect(node.seen.map(({ url }) => url)).toEqual([`${path}?netns=%2Frun%2Fnetns%2Fa%20b`, path, path]);
  });

  it('queues while the node-manager is away, and says so only on stderr', async () => {
    await node.close();
    const { exitCode, stdout, stderr } = await run('DEL');
    expect([exitCode, stdout]).toEqual([0, '']);
    expect(stderr).toContain('deletion.queued');
    const [name = ''] = queued();
    expect(decodeQueueEntry(readFileSync(join(queueDir, name), 'utf8'))).toMatchObject({
      network: 'mesh',
      containerId: 'c1',
      ifName: 'eth0',
      netns: '/run/netns/a',
      bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    });
  });

  it('queues when the node-manager does not answer in time', async () => {
    node.override = () => true;
    const result = await run('DEL', { delTimeoutMs: 600 });
    expect(result.exitCode).toBe(0);
    expect(queued()).toHaveLength(1);
    expect(result.tookMs).toBeLessThan(3_000);
    const entry = decodeQueueEntry(readFileSync(join(queueDir, queued()[0] ?? ''), 'utf8'));
    const asked = node.seen.map(({ url }) => new URL(url, 'http://node').searchParams);
    const instants = asked.map((query) => ['queuedAt', 'bootId', 'uptimeMs'].map((name) => query.get(name)));
    // The second try says the entry's instant by both clocks.
    expect(instants).toEqual([
      [null, null, null],
      [entry?.queuedAt, entry?.bootId, String(entry?.uptimeMs)],
    ]);
  });

  it('fails when the queue is full', async () => {
    await node.close();
    mkdirSync(queueDir);
    for (let index = 0; index < 10_000; index++) {
      writeFileSync(join(queueDir, `0123456789abcdef.1700000000000.${index}.json`), '');
    }
    expect(failureOf(await run('DEL'))).toMatchObject({ code: 11, msg: expect.stringContaining('full') });
  });

  it('fails when the queue cannot be written', async () => {
    await node.close();
    writeFileSync(join(dir, 'file'), '');
    const failure = failureOf(await run('DEL', { queueDir: join(dir, 'file', 'queue') }));
    expect(failure).toMatchObject({ code: 5, msg: expect.stringContaining('queue') });
  });
});

describe('CHECK, GC and STATUS', () => {
  it('checks right after ADD, with what ADD answered', async () => {
    const { stdout } = await run('ADD');
    expect(await run('CHECK', { prevResult: JSON.parse(stdout) })).toMatchObject({ exitCode: 0, stdout: '' });
    expect(node.seen.at(-1)?.body).toEqual({
      netns: '/run/netns/a',
      addresses: ['10.64.3.2/32', 'fd64:0:0:3::2/128'],
      routes: ['0.0.0.0/0', '::/0'],
    });
  });

  it('answers code 11 to CHECK when the node-manager is away, 3 when the attachment is unknown', async () => {
    const prevResult = { interfaces: [{ name: 'eth0', sandbox: '/run/netns/a' }], ips: [] };
    expect(failureOf(await run('CHECK', { prevResult })).code).toBe(3);
    await node.close();
    expect(failureOf(await run('CHECK', { prevResult })).code).toBe(11);
  });

  it('keeps what is alive with a warning, removes it with gcForce, and nothing when no list came', async () => {
    await run('ADD');
    expect((await run('GC')).exitCode).toBe(0);
    expect(node.seen.filter(({ url }) => url.endsWith('/gc'))).toEqual([]);
    expect((await run('GC', { 'cni.dev/valid-attachments': null })).stderr).toContain('gc.kept-alive');
    expect(node.attachments.size).toBe(1);
    await run('GC', { 'cni.dev/valid-attachments': [], gcForce: true });
    expect(node.attachments.size).toBe(0);
  });

  it('tells STATUS by what an ADD would meet now', async () => {
    expect(await run('STATUS')).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    const ready = node.status;
    node.status = { ...ready, isViewStored: true };
    expect(await run('STATUS')).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('stored view') });
    node.status = { ...ready, attachments: { total: 2, orphaned: 1, adopted: 0 } };
    expect(failureOf(await run('STATUS')).code).toBe(51);
    node.status = { ...ready, readiness: 'draining' };
    expect(failureOf(await run('STATUS')).code).toBe(50);
    await node.close();
    expect(failureOf(await run('STATUS')).code).toBe(50);
  });
});

describe('random input', () => {
  it('ends in success or in one error object, quickly, without a stack trace on stdout', async () => {
    const verb = fc.constantFrom('ADD', 'DEL', 'CHECK', 'GC', 'STATUS', 'VERSION', 'NONE');
    const config = fc.dictionary(
      fc.constantFrom('prevResult', 'runtimeConfig', 'args', 'dns', 'name', 'cniVersion', 'ipam'),
      fc.jsonValue(),
    );
    await fc.assert(
      fc.asyncProperty(verb, config, fc.stringMatching(/^[a-zA-Z0-9=;.:]*$/), async (command, extra, args) => {
        const result = await run(command, { ...extra, socket, queueDir }, { CNI_ARGS: args });
        if (result.exitCode !== 0) failureOf(result);
        else if (result.stdout !== '') expect(JSON.parse(result.stdout)).toHaveProperty('cniVersion');
        expect(result.tookMs).toBeLessThan(5_000);
        await run('DEL');
        expect(node.attachments.size).toBe(0);
      }),
      { numRuns: 15 },
    );
  });
});
