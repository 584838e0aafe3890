/** Every command, with --json: one document of the shape that is documented and nothing else, or one error in a line of stderr; so that a new one cannot forget it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as api from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import { FormatRegistry, type TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { programOf } from '../program.ts';
import { allWords, wordsOf } from '../shell/words.ts';
import { type StandIn, standIn } from '../testing/stand-in.ts';
import { jsonShapes } from './json-shapes.ts';
import { silentOutlet } from './outlet.ts';
import { perform } from './perform.ts';

const leaves = allWords(wordsOf(programOf('1.2.3', silentOutlet, { out: '', err: '' }))).filter(
  ({ below }) => below.length === 0,
);
const root = join(import.meta.dirname, '../../../..');
const key = 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=';

let manager: StandIn;
let node: StandIn;
let dir: string;
beforeAll(async () => {
  // How an instant is written is the server's.
  FormatRegistry.Set('date-time', () => true);
  dir = await mkdtemp(join(tmpdir(), 'wgcni-json-'));
  [manager, node] = await Promise.all([standIn('cluster-manager'), standIn('node-manager')]);
  const network = { ...(manager.valueOf('NetworkInput') as object), networkId: '0123456789abcdef0123456789abcdef' };
  await writeFile(join(dir, 'view.json'), JSON.stringify({ network }));
  // Both documents are read, which takes a busy machine its time.
}, 60_000);
afterAll(async () => {
  manager.close();
  node.close();
  await rm(dir, { recursive: true });
});

/** Words behind each command, by which it does something. */
const words: Record<string, () => string[]> = {
  'wgcni status': () => [],
  'wgcni nodes': () => [],
  'wgcni subnets': () => [],
  'wgcni attachments': () => [],
  'wgcni events': () => [],
  'wgcni drain': () => ['n1', '--wait'],
  'wgcni undrain': () => ['n1'],
  'wgcni delete': () => ['n1'],
  'wgcni forget': () => ['n1'],
  'wgcni admit': () => ['n1'],
  'wgcni token create': () => [],
  'wgcni token list': () => [],
  'wgcni token revoke': () => ['0123456789abcdef'],
  'wgcni client add': () => ['laptop', '--public-key', key],
  'wgcni client list': () => [],
  'wgcni client remove': () => ['laptop'],
  'wgcni client config': () => ['laptop'],
  'wgcni client sync': () => ['laptop', '--interface', 'none', '--key-file', join(dir, 'none')],
  'wgcni authority create': () => ['--dir', join(dir, 'authority')],
  'wgcni authority issue': () => ['operator', 'ann', '--cluster', 'c', '--dir', join(dir, 'authority'), '--out', dir],
  'wgcni authority rotate': () => ['--dir', join(dir, 'authority'), '--out', join(dir, 'next')],
  'wgcni network show': () => [],
  'wgcni network set': () => ['--mtu', '1400'],
  'wgcni network restore': () => [join(dir, 'view.json')],
  'wgcni rule set': () => ['web', '--from', 'clients', '--to', 'containers'],
  'wgcni rule delete': () => ['web'],
  'wgcni rule list': () => [],
  'wgcni pool list': () => [],
  'wgcni pool add': () => ['10.128.0.0/12:24'],
  'wgcni route list': () => [],
  'wgcni route approve': () => ['n1', '10.0.0.0/24'],
  'wgcni route withdraw': () => ['n1', '10.0.0.0/24'],
  'wgcni doctor': () => ['--data-dir', dir, '--conf-dir', dir],
  'wgcni top': () => ['--interval', '1s'],
  'wgcni completion': () => ['bash'],
  'wgcni man': () => [],
  'wgcni graph': () => ['--as', 'svg'],
  'wgcni cni install': () => [
    ...['--plugin', join(root, 'bundle.mjs'), '--config', join(root, 'deploy/cni/10-wireguard-cni.conflist')],
    ...['--bin-dir', join(dir, 'bin'), '--conf-dir', join(dir, 'conf')],
  ],
  'wgcni etcd setup': () => ['--etcd', 'https://127.0.0.1:1', '--cluster', 'c'],
  'wgcni etcd status': () => ['--etcd', 'https://127.0.0.1:1', '--cluster', 'c'],
};
/** Those that find here nobody to speak with, or nothing that is well: of them only the form is held. */
const elsewhere = ['wgcni client sync', 'wgcni doctor', 'wgcni etcd setup', 'wgcni etcd status'];

interface Printed {
  out: string;
  err: string;
  status: number;
}

/** What a command prints; one that goes on is stopped after its first words. */
async function printed(...argv: string[]): Promise<Printed> {
  const said: Printed = { out: '', err: '', status: 0 };
  const stop = new AbortController();
  await perform(argv, '1.2.3', {
    ...silentOutlet,
    tell: (text) => {
      said.out += text;
      stop.abort();
    },
    complain: (text) => {
      said.err += text;
      stop.abort();
    },
    end: (status) => void (said.status = status),
    untilStopped: () => stop.signal,
  });
  return said;
}

const where = (): string[] => ['--insecure', '--manager', manager.url];
const ofNode = (path: string): string[] => (/attachments|top|doctor/.test(path) ? ['--node-manager', node.url] : []);
const commandOf = (path: string): string[] => [...path.split(' ').slice(1), ...(words[path]?.() ?? [])];
const printedBy = (path: string): Promise<Printed> =>
  printed('--json', ...where(), ...ofNode(path), ...commandOf(path));

/** The schema of this name in what the API exports. */
function schemaOf(name: string): TSchema {
  const all = Object.values(api) as { $id?: string }[];
  const found = all.find((one) => typeof one === 'object' && one.$id === name);
  if (found === undefined) throw new Error(`no schema ${name}`);
  return found as TSchema;
}

/** One error, in one line. */
function errorIn({ out, err }: Printed): { code: string; message: string; remedy?: string } {
  expect([out, err.split('\n').length]).toEqual(['', 2]);
  const { error, ...rest } = JSON.parse(err) as { error: { code: string; message: string } };
  expect(rest).toEqual({});
  expect(error).toEqual(expect.objectContaining({ code: expect.any(String), message: expect.any(String) }));
  return error;
}

it('has a shape and an example of every command, and of no other', () => {
  const paths = leaves.map(({ path }) => path).sort();
  expect(Object.keys(jsonShapes).sort()).toEqual(paths);
  expect(Object.keys(words).sort()).toEqual(paths);
});

describe('with --json', () => {
  beforeAll(() => [manager, node].forEach((server) => server.refuse(undefined)));

  it.each(leaves.map(({ path }) => path))('%s prints one document of its shape', async (path) => {
    const said = await printedBy(path);
    if (elsewhere.includes(path) && said.out === '') return void errorIn(said);
    expect([said.err, elsewhere.includes(path) ? 0 : said.status]).toEqual(['', 0]);
    const value = JSON.parse(said.out) as unknown;
    const { kind, of, isSchema } = jsonShapes[path] ?? { kind: '', of: '', isSchema: true };
    expect(Array.isArray(value) ? 'list' : typeof value).toBe(kind);
    if (!isSchema) return;
    const items = kind === 'list' ? (value as unknown[]) : [value];
    expect(items.length).toBe(1);
    for (const item of items) expect([...Value.Errors(schemaOf(of), item)]).toEqual([]);
  });

  it.each(leaves.map(({ path }) => path))('%s tells of an unknown flag as an error, with status 2', async (path) => {
    const said = await printed('--json', ...commandOf(path), '--no-such-flag');
    expect(errorIn(said)).toMatchObject({
      code: 'request.invalid',
      field: '--no-such-flag',
      remedy: expect.any(String),
    });
    expect(said.status).toBe(2);
  });
});

describe('with --json, refused by whoever is asked', () => {
  const refusal = new CatalogueError('request.denied', 'no', { remedy: 'ask somebody' });
  beforeAll(() => [manager, node].forEach((server) => server.refuse(refusal)));
  afterAll(() => [manager, node].forEach((server) => server.refuse(undefined)));
  /** They ask nobody. */
  const alone = /authority|completion|man$|cni install/;

  it.each(leaves.map(({ path }) => path).filter((path) => ![...elsewhere].includes(path) && !alone.test(path)))(
    '%s tells so as an error, with status 1',
    async (path) => {
      const said = await printedBy(path);
      expect(errorIn(said)).toMatchObject({ code: 'request.denied', message: 'no', remedy: 'ask somebody' });
      expect(said.status).toBe(1);
    },
  );
});

describe('what goes on', () => {
  it.each([
    ['events', '--follow'],
    ...leaves
      .filter(({ options }) => options.some(({ long }) => long === '--watch'))
      .map(({ path }) => [path.split(' ')[1] ?? '', '--watch']),
  ])('%s %s prints a document in each line, and no screen', async (name, flag) => {
    const said = await printed('--json', ...where(), ...ofNode(name), name, flag);
    expect([said.err, said.status, said.out.split('\n').length]).toEqual(['', 0, 2]);
    expect(typeof JSON.parse(said.out)).toBe('object');
  });

  it('clears the screen of a terminal alone', async () => {
    expect((await printed(...where(), 'nodes', '--watch')).out).not.toContain('\u001B');
  });
});

describe('what the parser writes', () => {
  it.each([
    [['--version'], '1.2.3\n'],
    [['--version', '--json'], '{\n  "version": "1.2.3"\n}\n'],
    [['--json', '--version'], '{\n  "version": "1.2.3"\n}\n'],
  ])('of %j is its version', async (argv, out) => {
    expect(await printed(...argv)).toEqual({ out, err: '', status: 0 });
  });

  it('is the help where no command is said, and an error for a program', async () => {
    expect(await printed()).toEqual({ out: '', err: expect.stringContaining('Usage: wgcni'), status: 2 });
    expect(errorIn(await printed('--json', 'token'))).toMatchObject({ code: 'request.invalid' });
    expect(await printed('--help')).toEqual({ out: expect.stringContaining('Usage: wgcni'), err: '', status: 0 });
  });

  it('is one line for people, which says what to do', async () => {
    const { out, err, status } = await printed('nodez');
    expect([out, status]).toEqual(['', 2]);
    expect(err).toBe(
      "wgcni: unknown command 'nodez' (Did you mean nodes?) (see wgcni --help, or --help behind the command) [request.invalid]\n",
    );
  });
});
