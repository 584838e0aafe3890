/** All of the three files or none. */
import { expect, it } from 'vitest';
import { credentialPaths } from './credential-paths.ts';

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
