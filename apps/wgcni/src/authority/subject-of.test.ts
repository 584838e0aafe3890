/** Whom `wgcni authority issue` certifies, and under which names a member of etcd is nobody's user. */
import { expect, it } from 'vitest';
import { subjectOfFlags } from './subject-of.ts';

const flags = { cluster: 'main', role: 'read', host: ['192.0.2.21'] };

it.each(['etcd', 'etcd-1', 'etcd1.example.org', 'nodes', 'manager', 'rooted'])(
  'certifies a member named %s',
  (name) => {
    expect(subjectOfFlags('etcd', name, flags)).toEqual({
      commonName: name,
      names: ['192.0.2.21'],
      usage: 'client and server',
    });
  },
);

it.each(['root', 'manager.main', 'node.main', 'node.', 'operator.other', 'wgcni-setup.1'])(
  'certifies no member of etcd as its user %s',
  (name) => {
    expect(() => subjectOfFlags('etcd', name, flags)).toThrow(
      expect.objectContaining({
        code: 'config.invalid',
        message: expect.stringContaining('is a user of etcd') as string,
        remedy: expect.stringContaining('name it etcd') as string,
      }),
    );
  },
);

// The library behind it reads the last one as DER in hexadecimal: the string "root".
it.each(['', '../root', ' root', '#0c04726f6f74'])('certifies no member of etcd as %j', (name) => {
  expect(() => subjectOfFlags('etcd', name, flags)).toThrow('cannot be the name of a member');
});

it('certifies root by its own kind, as a client alone', () => {
  expect(subjectOfFlags('etcd-root', 'anything', flags)).toEqual({ commonName: 'root', names: [], usage: 'client' });
});
