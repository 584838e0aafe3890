/** What a shell runs to ping, and how its answers are read. */
import { expect, it } from 'vitest';
import { fpingCommand, parseTimes } from './fping.ts';

it('asks all addresses at once, from the place', () => {
  const place = { id: 'n1/c1', nodeId: 'n1', netnsPath: '/run/netns/c1', addresses: [] };
  expect(fpingCommand(place, ['10.64.1.2', 'fd64::2'])).toMatch(
    /--net=\/run\/netns\/c1 fping .* 10\.64\.1\.2 fd64::2 /,
  );
});

it('takes the quicker answer of each address, and leaves out who was silent', () => {
  const said = '10.64.1.2 : 3.21 0.45\nfd64::2   : - 1.5\n10.64.1.3 : - -\nICMP Host Unreachable from 10.64.1.1\n';
  expect(parseTimes(said)).toEqual(
    new Map([
      ['10.64.1.2', 0.45],
      ['fd64::2', 1.5],
    ]),
  );
});
