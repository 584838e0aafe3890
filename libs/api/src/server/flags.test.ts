/** What is said of words that belong to no flag, and of the version. */
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { readFlags } from './flags.ts';
import { TextAsked } from './program.ts';

const program = {
  name: 'p',
  about: 'A program.',
  version: '1.2.3',
  flags: [{ name: 'join', value: 'token', about: 'a token' }],
};
const token = `wgcni-join.1.0011223344556677.${'x'.repeat(43)}.${'ab'.repeat(32)}`;

/** What the arguments are refused with. */
function refusalOf(argv: string[]): unknown {
  try {
    return readFlags(program, { argv, env: {} });
  } catch (error) {
    return error;
  }
}

it('takes a token behind its flag', () => {
  expect(readFlags(program, { argv: ['--join', token], env: {} }).said.get('join')).toEqual([token]);
});

it.each([[[token]], [[`join=${token}`]], [[`--jion=${token}`]]])('tells no token that stands elsewhere', (argv) => {
  const refused = refusalOf(argv);
  expect(refused).toMatchObject({ code: 'config.invalid', field: '--join' });
  expect(inspect(refused, { depth: 9, showHidden: true })).not.toContain('x'.repeat(43));
});

it('repeats any other word, so that it is found', () => {
  expect(refusalOf(['word'])).toMatchObject({ code: 'config.invalid', field: 'word' });
});

it('tells its version, whatever else is missing', () => {
  const asked = refusalOf(['--version']);
  expect(asked).toBeInstanceOf(TextAsked);
  expect((asked as TextAsked).text).toBe('1.2.3\n');
});
