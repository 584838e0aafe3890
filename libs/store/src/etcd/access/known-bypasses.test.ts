/** Which versions of etcd have roles that can be got round. */
import { expect, it } from 'vitest';
import { knownBypass } from './known-bypasses.ts';

it.each(['3.3.27', '3.4.23', '3.4.43', '3.5.29', '3.6.0', '3.6.10-rc.1'])('knows something of %s', (version) => {
  expect(knownBypass(version)).toContain(`etcd ${version} lets whoever has a certificate`);
});

it.each(['3.4.44', '3.5.30', '3.6.11', '3.7.0', '3.10.0', '4.0.0'])('knows nothing of %s', (version) => {
  expect(knownBypass(version)).toBeUndefined();
});
