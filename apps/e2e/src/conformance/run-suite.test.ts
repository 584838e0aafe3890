/** The suite on a plugin that somebody describes: what its description leaves out is not asked, and the rest goes on. */
import { referencePlugins } from '@wgcni/testing';
import { expect, it } from 'vitest';
import { describedSubject } from './described-subject.ts';
import { runSuite } from './run-suite.ts';
import { settings } from './subject.ts';

it('tells a case of a setting that is left out as not asked, and still runs the others', async () => {
  const source = describedSubject({
    ...{ name: 'bridge', plugin: `${referencePlugins}/bridge`, cniPath: referencePlugins },
    configs: { dual: { name: 'described', type: 'bridge', bridge: 'cni-desc0', ipam: {} } },
    ipam: { plugin: `${referencePlugins}/host-local`, config: {} },
    ...{ range: { gateway: '', inside: '', outside: '' }, holdings: ['true'] },
  });
  expect(source.settings).toEqual(['dual']);
  const asked = ['version.input', 'daemon.down.add', 'pool.exhausted', 'pool.ipv6'];
  const outcomes = await runSuite(source, { isMeant: ({ id }) => asked.includes(id) });
  expect(Object.fromEntries(outcomes)).toEqual({
    'version.input': { kind: 'passed' },
    'daemon.down.add': { kind: 'not-asked', why: 'it has no daemon' },
    'pool.exhausted': { kind: 'not-asked', why: 'it has no configuration for tiny' },
    'pool.ipv6': { kind: 'not-asked', why: 'it has no configuration for ipv6' },
  });
  expect(settings).toHaveLength(3);
});
