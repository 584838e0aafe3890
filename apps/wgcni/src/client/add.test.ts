/** `client add` against a cluster-manager that remembers what it was sent: the private half of a pair is never among it. */
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '@wgcni/base';
import { systemKeys } from '@wgcni/wg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { quietTargets } from '../testing/targets.ts';
import type { Targets } from '../targets.ts';
import { add } from './add.ts';

const config = '# laptop\n[Interface]\n# PrivateKey = <known to the client alone>\nMTU = 1420\n';

/** Of the status that each is sent with; 500 comes from something between that is none of ours. */
const documents: Record<number, object> = {
  401: { code: 'identity.missing', detail: 'who are you?' },
  403: { code: 'request.denied', detail: 'no' },
  404: { code: 'client.unknown', detail: 'who?' },
  409: { code: 'client.exists', detail: 'another key' },
  504: { code: 'outcome.unknown', detail: 'perhaps' },
};

describe('adding a client', () => {
  let server: Server;
  let targets: Targets;
  let directory: string;
  /** Method, path and body of each request. */
  let sent: string[];
  /** How often the configuration is not there yet. */
  let lag: number;
  let served: string;
  /** What becomes of each PUT, and of each DELETE: an answer to those that come after the last one is 200. */
  let puts: (number | 'cut')[];
  let deletes: number[];
  beforeEach(async () => {
    [sent, lag, served, puts, deletes] = [[], 0, config, [], []];
    directory = await mkdtemp(join(tmpdir(), 'wgcni-client-'));
    server = createServer((request, response) => {
      const { method = '', url = '' } = request;
      let body = '';
      request.on('data', (text: Buffer) => (body += text.toString()));
      request.on('end', () => {
        sent.push(`${method} ${url} ${body}`);
        const put = method === 'PUT' ? puts.shift() : undefined;
        const gone = method === 'DELETE' ? deletes.shift() : undefined;
        const failed = put ?? gone;
        if (failed === 'cut') request.socket.destroy();
        else if (failed !== undefined) response.writeHead(failed).end(JSON.stringify(documents[failed] ?? {}));
        else if (method === 'PUT') response.end(JSON.stringify({ name: 'laptop', addresses: ['10.66.0.5'] }));
        else if (method === 'DELETE') response.writeHead(204).end();
        else if (lag-- > 0) response.writeHead(404).end(JSON.stringify({ code: 'client.unknown', detail: 'who?' }));
        else if (served === '') response.writeHead(404).end(JSON.stringify({ code: 'node.unknown', detail: 'n9' }));
        else response.writeHead(200, { etag: '"t"', 'content-type': 'text/plain' }).end(served);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const manager = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    targets = { ...quietTargets, manager, insecure: true };
  });
  afterEach(async () => {
    server.close();
    await rm(directory, { recursive: true });
  });

  const keyIn = (text: string): Secret => new Secret(/^PrivateKey = (.*)$/m.exec(text)?.[1] ?? '');
  const said = (): Record<string, unknown> =>
    JSON.parse(
      sent
        .find((each) => each.startsWith('PUT'))
        ?.split(' ')
        .slice(2)
        .join(' ') ?? '{}',
    ) as Record<string, unknown>;

  it('makes the pair here: the configuration has the private half of the key that was sent', async () => {
    const { text } = await add(targets, 'laptop', {});
    const key = keyIn(text);
    expect(said()).toEqual({
      ...{ publicKey: systemKeys.publicKeyOf(key), via: null, reachable: false, allowedIps: null },
    });
    expect(sent.join('\n')).not.toContain(key.reveal());
    expect(text).toBe(
      config.trimEnd().replace('# PrivateKey = <known to the client alone>', `PrivateKey = ${key.reveal()}`),
    );
  });

  it('sends what was asked for', async () => {
    const flags = { ttl: '30d', allowedIps: '10.64.0.0/12, fd64::/48', via: 'n1', reachable: true, publicKey: '' };
    const { publicKey } = systemKeys.generate();
    const { text } = await add(targets, 'laptop', { ...flags, publicKey, family: '6' });
    expect(said()).toEqual({
      ...{ publicKey, via: 'n1', reachable: true, allowedIps: ['10.64.0.0/12', 'fd64::/48'], ttlSec: 2_592_000 },
    });
    expect(sent[1]).toBe('GET /v1/clients/laptop/config?family=6 ');
    expect(text).toBe(config.trimEnd());
  });

  it('says of its end only what was asked for: none takes it away, nothing leaves it', async () => {
    const { publicKey } = systemKeys.generate();
    await add(targets, 'laptop', { publicKey, ttl: 'none' });
    expect(said()).toHaveProperty('ttlSec', null);
    for (const ttl of ['never', '4s', '']) {
      await expect(add(targets, 'laptop', { publicKey, ttl })).rejects.toMatchObject({
        ...{ code: 'config.invalid', field: '--ttl', remedy: expect.stringContaining('none') as unknown },
      });
    }
  });

  it('writes a file of mode 0600, also when a replica sees the client a moment later', async () => {
    lag = 2;
    const out = join(directory, 'laptop.conf');
    const { text, value } = await add(targets, 'laptop', { out });
    expect([text, value]).toMatchObject([out, { name: 'laptop', out }]);
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    const key = keyIn(await readFile(out, 'utf8'));
    expect(said()['publicKey']).toBe(systemKeys.publicKeyOf(key));
    expect(JSON.stringify(value)).not.toContain(key.reveal());
  });

  it.each([
    ['the configuration does not come', '', {}],
    ['it is too large for a code', `${config}${'# more\n'.repeat(500)}`, { qr: true }],
  ])('takes the client back when %s, since nobody has its key', async (_, text, flags) => {
    served = text;
    await expect(add(targets, 'laptop', flags)).rejects.toMatchObject({ message: /./ });
    expect(sent.map((each) => each.split(' ')[0])).toEqual(['PUT', 'GET', 'DELETE']);
  });

  const publicKeysPut = (): unknown[] =>
    sent.flatMap((each) =>
      each.startsWith('PUT')
        ? [(JSON.parse(each.split(' ').slice(2).join(' ')) as { publicKey: string }).publicKey]
        : [],
    );

  it.each<[string, (number | 'cut')[]]>([
    ['the connection is cut after the commit', ['cut']],
    ['what answers is nobody of ours', [500, 500]],
  ])('is asked for again with the same key when %s', async (_, failures) => {
    puts = [...failures];
    const { text } = await add(targets, 'laptop', {});
    const keys = publicKeysPut();
    expect(keys).toHaveLength(failures.length + 1);
    expect([...new Set(keys)]).toEqual([systemKeys.publicKeyOf(keyIn(text))]);
    expect(sent.some((each) => each.startsWith('DELETE'))).toBe(false);
  });

  it('takes the client of its key back when nothing is answered: the same command can be given again', async () => {
    for (const answered of [[], [404], [409]]) {
      [sent, puts, deletes] = [[], [500, 500, 500], answered];
      await expect(add(targets, 'laptop', {})).rejects.toMatchObject({ code: 'internal.failed' });
      const [publicKey] = publicKeysPut();
      const query = new URLSearchParams({ publicKey: String(publicKey) }).toString();
      expect(sent.slice(3)).toEqual([`DELETE /v1/clients/laptop?${query} `]);
    }
  });

  it('says which client may have stayed when it cannot be taken back', async () => {
    for (const refused of [500, 403]) {
      [sent, puts, deletes] = [[], [500, 500, 500], [refused]];
      const failure: unknown = await add(targets, 'laptop', {}).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        message: expect.stringContaining('laptop may stand in the register') as string,
        remedy: `take it out before it is added again: wgcni client remove laptop --public-key ${String(publicKeysPut()[0])}`,
      });
    }
  });

  it.each<[string, (number | 'cut')[], string]>([
    ['somebody does not know what became of it', [504, 404], 'client.unknown'],
    ['what answers is nobody of ours', [500, 404], 'client.unknown'],
    ['the connection is cut', ['cut', 409], 'client.exists'],
    ['the certificate ends meanwhile', [504, 401], 'identity.missing'],
  ])('takes the client of its key back when the repeat is refused after %s', async (_, failures, code) => {
    puts = [...failures];
    await expect(add(targets, 'laptop', {})).rejects.toMatchObject({ code });
    const query = new URLSearchParams({ publicKey: String(publicKeysPut()[0]) }).toString();
    expect(sent.slice(failures.length)).toEqual([`DELETE /v1/clients/laptop?${query} `]);
  });

  it('neither repeats nor takes back what was refused', async () => {
    for (const [status, code] of [
      [409, 'client.exists'],
      [401, 'identity.missing'],
    ] as const) {
      [sent, puts] = [[], [status]];
      await expect(add(targets, 'laptop', {})).rejects.toMatchObject({ code });
      expect(sent).toHaveLength(1);
    }
  });

  it('leaves one with a key of its own, and no empty file', async () => {
    served = '';
    const { publicKey } = systemKeys.generate();
    await expect(add(targets, 'laptop', { publicKey, out: join(directory, 'x') })).rejects.toMatchObject({
      code: 'node.unknown',
    });
    expect(sent.map((each) => each.split(' ')[0])).toEqual(['PUT', 'GET']);
    expect(await readdir(directory)).toEqual([]);
  });

  it.each([
    ['a TTL that is none', { ttl: 'soon' }],
    ['a key that is none', { publicKey: 'x' }],
    ['two places', { qr: true, out: 'x' }],
  ])('asks for nothing with %s', async (_, flags) => {
    await expect(add(targets, 'laptop', flags)).rejects.toMatchObject({ message: /./ });
    expect(sent).toEqual([]);
  });
});
