/** A token is one word, and its secret shows itself nowhere else. */
import { inspect } from 'node:util';
import { systemRandom } from '@wgcni/base';
import { describe, expect, it } from 'vitest';
import { bearerOf, drawToken, formatToken, parseToken, readBearer, tokenHash } from './join-token.ts';

const authority = 'ab'.repeat(32);

describe('a join token', () => {
  it('is read back from its word and from its header', () => {
    const token = drawToken(authority, systemRandom);
    const read = parseToken(` ${formatToken(token).reveal()}\n`, '--join');
    expect([read.id, read.secret.reveal(), read.authority]).toEqual([token.id, token.secret.reveal(), authority]);
    const header = readBearer(bearerOf(token).reveal());
    expect([header?.id, header?.secret.reveal()]).toEqual([token.id, token.secret.reveal()]);
  });

  it('is another each time, and stored as a hash that does not contain it', () => {
    const [one, other] = [drawToken(authority, systemRandom), drawToken(authority, systemRandom)];
    expect(one.id).not.toBe(other.id);
    expect(tokenHash(one.secret)).not.toBe(tokenHash(other.secret));
    expect(tokenHash(one.secret)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('does not print itself', () => {
    const token = drawToken(authority, systemRandom);
    const shown = [inspect(token), JSON.stringify(token), String(formatToken(token))].join();
    expect(shown).not.toContain(token.secret.reveal());
  });

  it.each(['', 'wgcni-join.1.ab.cd.ef', 'wgcni-join.2.0011223344556677.x.y', 'hunter2'])(
    'is not %j, and the refusal does not repeat it',
    (word) => {
      const refused = (): unknown => parseToken(word, '--join');
      expect(refused).toThrow(
        expect.objectContaining({ code: 'config.invalid', message: '--join is not a join token' }),
      );
    },
  );

  it.each([undefined, '', 'Basic x', 'Bearer', 'Bearer 0011223344556677', `Bearer 0011223344556677.${'x'.repeat(44)}`])(
    'is in no header like %j',
    (header) => expect(readBearer(header)).toBeUndefined(),
  );
});
