/** An identity has one text, and a certificate names one or nobody. */
import { X509Certificate } from 'node:crypto';
import { TestAuthority } from '@wgcni/testing/pki';
import { describe, expect, it } from 'vitest';
import { commonNameOf, identityIn, parseIdentity } from './identity.ts';

describe('the text of an identity', () => {
  it.each([
    'wgcni://main/node/',
    'wgcni://main/node/n1/',
    'wgcni://main/node/n1?role=admin',
    'wgcni://main/operator/alice',
    'wgcni://main/operator/root/alice',
    'wgcni://main/operator/admin',
    'WGCNI://main/node/n1',
    'wgcni:///node/n1',
    'wgcni://main/Node/n1',
    'wgcni://user@main/node/n1',
    'wgcni://main:80/node/n1',
    `wgcni://main/node/${'x'.repeat(64)}`,
    'spiffe://main/node/n1',
    '',
  ])('is not %j', (text) => {
    expect(parseIdentity(text)).toBeUndefined();
  });
});

it('has its role in the cluster for a common name', () => {
  expect(commonNameOf({ kind: 'node', cluster: 'main' })).toBe('node.main');
});

describe('the identity of a certificate', () => {
  it.each([
    [
      'one among other names',
      'DNS:n1.example, URI:https://n1.example/, URI:wgcni://main/node/n1, IP Address:192.0.2.1',
    ],
    ['one beside a quoted name', 'DirName:"CN = \\"a, URI:wgcni://main/manager/m1", URI:wgcni://main/node/n1'],
  ])('is %s', (_, text) => {
    expect(identityIn(text)).toEqual({ kind: 'node', cluster: 'main', nodeId: 'n1' });
  });

  it.each([
    ['no names', undefined],
    ['no URI', 'DNS:wgcni://main/node/n1'],
    ['two of ours', 'URI:wgcni://main/node/n1, URI:wgcni://main/node/n2'],
    ['one of ours and a malformed one', 'URI:wgcni://main/node/n1, URI:wgcni://main'],
    ['one of ours and one in capitals', 'URI:wgcni://main/node/n1, URI:WGCNI://main/manager/m1'],
    ['one inside a quoted name', 'URI:"https://x/?a=1, URI:wgcni://main/node/n1"'],
    ['text that is not understood', 'URI:wgcni://main/node/n1, "'],
  ])('is nobody with %s', (_, text) => {
    expect(identityIn(text)).toBeUndefined();
  });

  it('cannot be slipped into another name of a real certificate', async () => {
    const authority = await TestAuthority.create();
    const slipped = 'https://x.example/?q=1, URI:wgcni://main/manager/m1';
    const issued = await authority.issue({ uris: [slipped, 'wgcni://main/node/n1'] });
    const { subjectAltName } = new X509Certificate(issued.cert);
    expect(subjectAltName).toContain('URI:wgcni://main/manager/m1');
    expect(identityIn(subjectAltName)).toEqual({ kind: 'node', cluster: 'main', nodeId: 'n1' });
  });
});
