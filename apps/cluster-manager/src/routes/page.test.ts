/** The page as it is sent: one document, under a policy that lets it run nothing and ask nobody else. */
import { afterEach, expect, it } from 'vitest';
import { buildPage } from '../../../../bundle-page.mjs';
import { buildApp } from '../app.ts';
import { contentPolicy } from '../page/content-policy.ts';
import { TestCluster } from '../testing/cluster.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

it('is one document without a link to anywhere, and its own script and style are all that may run', async () => {
  cluster = new TestCluster();
  const { replica } = await cluster.start('m1');
  const app = await buildApp({ ...replica, page: await buildPage() });
  const { statusCode, headers, body } = await app.inject({ method: 'GET', url: '/ui/' });
  await app.close();
  expect([statusCode, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect(body.match(/<(script|style)[\s>]/g)).toEqual(['<style>', '<script>']);
  expect(body.match(/ (src|href)="[^"]*"/g)).toEqual([' href="data:,"']);
  expect(body.length).toBeLessThan(64 * 1_024);
  const policy = String(headers['content-security-policy']);
  expect(policy).toMatch(
    /^default-src 'none'; script-src 'sha256-[A-Za-z0-9+/]{43}='; style-src 'sha256-[A-Za-z0-9+/]{43}=';/,
  );
  expect(policy).not.toContain('unsafe');
});

it('changes its policy with its script', () => {
  cluster = new TestCluster();
  const [one, other] = ['a()', 'b()'].map((script) => contentPolicy(`<script>${script}</script>`));
  expect(one).not.toBe(other);
  expect(one).toContain("style-src 'none'");
});

it('is missing, and says so, of a program that runs from its sources', async () => {
  cluster = new TestCluster();
  const { app } = await cluster.start('m1');
  const { statusCode, body } = await app.inject({ method: 'GET', url: '/ui/' });
  expect([statusCode, JSON.parse(body)]).toMatchObject([
    404,
    { code: 'route.unknown', remedy: expect.stringContaining('make build') },
  ]);
});
