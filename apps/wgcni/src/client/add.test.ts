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
import type { Targets } from '../targets.ts';
import { add } from './add.ts';

const config = '# laptop\n[Interface]\n# PrivateKey = <known to the client alone>\nMTU = 1420\n';

describe('adding a client', () => {
  let server: Server;
  let targets: Targets;
  let directory: string;
  /** Method, path and body of each request. */
  let sent: string[];
  /** How often the configuration is not there yet. */
  let lag: number;
  let served: string;
  beforeEach(async () => {
    [sent, lag, served] = [[], 0, config];
    directory = await mkdtemp(join(tmpdir(), 'wgcni-client-'));
    server = createServer((request, response) => {
      const { method = '', url = '' } = request;
      let body = '';
      request.on('data', (text: Buffer) => (body += text.toString()));
      request.on('end', () => {
        sent.push(`${method} ${url} ${body}`);
        if (method === 'PUT') response.end(JSON.stringify({ name: 'laptop', addresses: ['10.66.0.5'] }));
        else if (method === 'DELETE') response.writeHead(204).end();
        else if (lag-- > 0) response.writeHead(404).end(JSON.stringify({ code: 'client.unknown', detail: 'who?' }));
        else if (served === '') response.writeHead(404).end(JSON.stringify({ code: 'node.unknown', detail: 'n9' }));
        else response.writeHead(200, { etag: '"t"', 'content-type': 'text/plain' }).end(served);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const manager = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    targets = { manager, insecure: true, json: false, socket: '' };
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
      ...{ publicKey: systemKeys.publicKeyOf(key), via: null, reachable: false, allowedIps: null, ttlSec: null },
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
