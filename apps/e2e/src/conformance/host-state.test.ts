/** The comparison of a host before and after can fail, also on what is there twice. */
import { expect, it } from 'vitest';
import { difference } from './host-state.ts';

it.each<[string, string[], string[], string[]]>([
  ['nothing where both are the same', ['a', 'b', 'b'], ['b', 'a', 'b'], []],
  ['what came and what went', ['a', 'b'], ['b', 'c'], ['- a', '+ c']],
  ['a line that is there twice now', ['a'], ['a', 'a'], ['+ a']],
  ['a line that was there three times', ['a', 'a', 'a'], ['a'], ['- a', '- a']],
])('names %s', (_, before, after, changed) => {
  expect(difference(before, after)).toEqual(changed);
});
