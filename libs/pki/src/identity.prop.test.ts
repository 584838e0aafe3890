/** Any identity has exactly one text. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIdentity, type Identity, operatorRoles, parseIdentity } from './identity.ts';

const name = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/);
const identity: fc.Arbitrary<Identity> = fc.oneof(
  fc.record({ kind: fc.constant('node' as const), cluster: name, nodeId: name }),
  fc.record({ kind: fc.constant('manager' as const), cluster: name, replicaId: name }),
  fc.record({
    kind: fc.constant('operator' as const),
    cluster: name,
    role: fc.constantFrom(...operatorRoles),
    name,
  }),
);

describe('the text of an identity', () => {
  it('is read back as the identity that was written', () => {
    fc.assert(
      fc.property(identity, (each) => {
        expect(parseIdentity(formatIdentity(each))).toEqual(each);
      }),
    );
  });

  it('is the only text that is read as this identity', () => {
    const nearly = fc
      .tuple(
        identity.map(formatIdentity),
        fc.nat(),
        fc.constantFrom('', '/', '?', '#', ' ', '%2F', '\0', '\n', '..', ','),
      )
      .map(([text, at, more]) => text.slice(0, at % (text.length + 1)) + more + text.slice(at % (text.length + 1)));
    fc.assert(
      fc.property(nearly, (text) => {
        const read = parseIdentity(text);
        if (read !== undefined) expect(formatIdentity(read)).toBe(text);
      }),
    );
  });
});
