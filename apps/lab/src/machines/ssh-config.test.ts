/** Which machines an SSH configuration names. */
import { expect, it } from 'vitest';
import { hostsOf } from './ssh-config.ts';

it('names every machine once, in their order, and no pattern', () => {
  const text = `Host control
  HostName 192.0.2.10
  User vagrant

Host n1 n2
  HostName 192.0.2.11
  IdentityFile /somewhere/Host/key
Host *
  StrictHostKeyChecking no
`;
  expect(hostsOf(text)).toEqual(['control', 'n1', 'n2']);
});

it('finds none in an empty file', () => {
  expect(hostsOf('')).toEqual([]);
});
