/** All of the three files or none, and URLs that say the same. */
import { expect, it } from 'vitest';
import { checkSchemes, credentialPaths } from './credential-paths.ts';

it('takes three files, or none', () => {
  const said = { cert: '/c', key: '/k', ca: '/a' };
  expect(credentialPaths('tls', said)).toEqual({ use: 'tls', ...said });
  expect(credentialPaths('etcd', {})).toBeUndefined();
});

it.each([
  [{ cert: '/c' }, '--tls-key and --tls-ca are missing'],
  [{ cert: '/c', key: '/k' }, '--tls-ca is missing'],
  [{ cert: '/c', key: '', ca: '/a' }, '--tls-key is missing'],
])('refuses %j by the flag that is missing', (said, message) => {
  expect(() => credentialPaths('tls', said)).toThrow(message);
});

it('takes https:// with credentials and http:// without, nothing else', () => {
  expect(() => checkSchemes('--manager', ['https://a:1'], 'tls', true)).not.toThrow();
  expect(() => checkSchemes('--manager', ['http://a:1'], 'tls', false)).not.toThrow();
  expect(() => checkSchemes('--manager', ['https://a:1', 'http://b:1'], 'tls', true)).toThrow(
    '--manager "http://b:1" is not encrypted',
  );
  expect(() => checkSchemes('--etcd', ['https://a:1'], 'etcd', false)).toThrow(
    '--etcd "https://a:1" needs --etcd-cert, --etcd-key, --etcd-ca',
  );
});
