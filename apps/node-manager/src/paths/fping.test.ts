/** What `fping -q -C` prints on its standard error. */
import { expect, it } from 'vitest';
import { parseAnswers } from './fping.ts';

it('is one line for each address among what it says of single requests', () => {
  const text = [
    '10.99.0.1: error while sending ping: Network is unreachable',
    'ICMP Host Unreachable from 10.9.0.1 for ICMP Echo sent to 10.9.0.7',
    '',
    '10.9.0.2  : 0.066 0.071',
    'fd09::2   : - 0.067',
    'fd09::99  : - -',
    '10.99.0.1 : - -',
  ].join('\n');
  expect([...parseAnswers(text)]).toEqual([
    ['10.9.0.2', true],
    ['fd09::2', true],
    ['fd09::99', false],
    ['10.99.0.1', false],
  ]);
});

it('is no answer of anybody when it cannot begin', () => {
  expect(parseAnswers("fping: can't create socket (must run as root?)\n").size).toBe(0);
});
