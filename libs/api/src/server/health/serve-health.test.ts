/**
 * What is told to whom on the listener for health, over real sockets:
 *
 *   watcher on this machine ──HTTP──▶ 127.0.0.1
 *   watcher elsewhere ──TLS, certificate──▶ 0.0.0.0
 */
import { CatalogueError, Secret, silentLog, systemClock } from '@wgcni/base';
import { checkCredentials, type CredentialSource } from '@wgcni/pki';
import { type CertificateRequest, TestAuthority } from '@wgcni/testing/pki';
import { Agent, request } from 'undici';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Metrics } from './metrics.ts';
import { type HealthOptions, serveHealth } from './serve-health.ts';

let authority: TestAuthority;
const ends: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  authority = await TestAuthority.create();
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const life = { use: 'tls' as const, validFromMs: 1_700_000_000_000, validToMs: 1_800_000_000_999 };
const newMetrics = (): Metrics => new Metrics({ program: 'test', version: '1.2.3', certificates: () => [life] });

async function serve(change: Partial<HealthOptions> = {}): Promise<number> {
  const serving = await serveHealth({
    ...{ listen: { host: '127.0.0.1', port: 0 }, ready: () => {}, metrics: newMetrics(), cluster: 'main' },
    ...{ credentials: undefined, clock: systemClock, log: silentLog },
    ...change,
  });
  ends.push(() => serving.close());
  return serving.port;
}

async function credentials(): Promise<CredentialSource> {
  const { cert, key } = await authority.issue({ uris: ['wgcni://main/manager/m1'] });
  const paths = { use: 'tls' as const, cert: 'c', key: 'k', ca: 'a' };
  const current = checkCredentials(paths, { cert, key: new Secret(key), ca: authority.ca });
  return { current, onChange: () => () => {} };
}

async function ask(url: string, dispatcher?: Agent, method: 'GET' | 'HEAD' | 'POST' | 'PUT' = 'GET') {
  const answer = await request(url, { method, ...(dispatcher === undefined ? {} : { dispatcher }) });
  return { status: answer.statusCode, type: String(answer.headers['content-type']), body: await answer.body.text() };
}

describe('on loopback', () => {
  it('anybody is told whether the process lives and works', async () => {
    const refusals: CatalogueError[] = [];
    const ready = (): void => {
      for (const refusal of refusals) throw refusal;
    };
    const url = `http://127.0.0.1:${await serve({ ready })}`;
    expect((await ask(`${url}/healthz`)).body).toBe('{"status":"ok"}');
    expect(await ask(`${url}/readyz`)).toMatchObject({ status: 200, body: '{"status":"ready"}' });
    refusals.push(new CatalogueError('node.fenced', 'no contact for too long'));
    expect(await ask(`${url}/readyz`)).toMatchObject({ status: 503, type: 'application/problem+json; charset=utf-8' });
    expect((await ask(`${url}/healthz`)).status).toBe(200);
  });

  it('it is plain there with credentials too', async () => {
    const url = `http://127.0.0.1:${await serve({ credentials: await credentials() })}`;
    expect((await ask(`${url}/healthz`)).status).toBe(200);
  });

  it('nothing else is served, and nothing but GET', async () => {
    const url = `http://127.0.0.1:${await serve()}`;
    for (const path of ['/', '/v1/status', '/v1/network', '/openapi.json', '/metrics/x', '/metricsx', '/METRICS'])
      expect((await ask(url + path)).status, path).toBe(404);
    for (const method of ['HEAD', 'POST', 'PUT'] as const)
      expect((await ask(`${url}/metrics`, undefined, method)).status, method).toBe(404);
  });
});

describe('the metrics', () => {
  it('are Prometheus text: what runs, its certificates, its process, and what was refused', async () => {
    const metrics = newMetrics();
    let peers: { labels: { state: string }; value: number }[] = [{ labels: { state: 'up' }, value: 2 }];
    metrics.gauge('wgcni_things', 'things', ['state'], () => peers);
    for (const code of ['identity.missing', 'identity.missing', 'identity.refused', 'node.unknown'] as const)
      metrics.refused(code);
    metrics.refused('request.too-many');
    const url = `http://127.0.0.1:${await serve({ metrics })}/metrics`;
    const { type, body } = await ask(url);
    expect(type).toMatch(/^text\/plain; version=0\.0\.4/);
    const lines = body.split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'wgcni_build_info{program="test",version="1.2.3"} 1',
        'wgcni_certificate_issued_timestamp_seconds{use="tls"} 1700000000',
        'wgcni_certificate_expiry_timestamp_seconds{use="tls"} 1800000000',
        'wgcni_requests_denied_total{code="identity.missing"} 2',
        'wgcni_requests_denied_total{code="identity.refused"} 1',
        'wgcni_requests_limited_total 1',
        'wgcni_things{state="up"} 2',
        '# TYPE process_resident_memory_bytes gauge',
      ]),
    );
    expect(body).not.toContain('node.unknown');
    peers = [{ labels: { state: 'down' }, value: 1 }];
    const after = (await ask(url)).body;
    expect([after.includes('wgcni_things{state="down"} 1'), after.includes('state="up"')]).toEqual([true, false]);
  });

  it('of two programs in one process are apart', async () => {
    const [one, other] = [newMetrics(), newMetrics()];
    one.refused('request.too-many');
    expect(await one.text()).toContain('wgcni_requests_limited_total 1');
    expect(await other.text()).toContain('wgcni_requests_limited_total 0');
  });
});

describe('where others reach it', () => {
  it('it is not served without credentials', async () => {
    const refused = serve({ listen: { host: '0.0.0.0', port: 0 } });
    await expect(refused).rejects.toMatchObject({ code: 'config.invalid', field: '--health-listen' });
  });

  const shown: [string, CertificateRequest | undefined, number][] = [
    ['no certificate', undefined, 401],
    ['an expired one', { uris: ['wgcni://main/operator/read/rob'], validForMs: -1_000 }, 401],
    ['one of another cluster', { uris: ['wgcni://other/operator/admin/ann'] }, 401],
    ['one of a node', { uris: ['wgcni://main/node/n1'] }, 403],
    ['one of a person who reads', { uris: ['wgcni://main/operator/read/rob'] }, 200],
    ['one of a manager', { uris: ['wgcni://main/manager/m2'] }, 200],
  ];
  it.each(shown)('it answers to %s as it should', async (_, wanted, status) => {
    const port = await serve({ listen: { host: '0.0.0.0', port: 0 }, credentials: await credentials() });
    const agent = new Agent({
      connect: { ...(wanted === undefined ? {} : await authority.issue(wanted)), ca: authority.ca },
    });
    ends.push(() => agent.destroy());
    for (const path of ['/healthz', '/readyz', '/metrics']) {
      const answer = await ask(`https://127.0.0.1:${port}${path}`, agent);
      expect(answer.status, path).toBe(status);
      expect(answer.body.includes('wgcni_build_info')).toBe(status === 200 && path === '/metrics');
    }
    if (status !== 200) expect((await ask(`https://127.0.0.1:${port}/nothing`, agent)).status).toBe(status);
    await expect(request(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
  });
});
