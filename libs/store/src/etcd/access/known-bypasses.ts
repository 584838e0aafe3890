/** PURE: the versions of etcd whose roles can be got round by who has any certificate. */

/** The first patch of each minor version in which no such hole is known. */
const mendedIn: ReadonlyMap<string, number> = new Map([
  ['3.4', 44],
  ['3.5', 30],
  ['3.6', 11],
]);

/**
 * What is known of this version, one sentence, or undefined. GHSA-rfx7-8w68-q57q (nested transactions, everything) and GHSA-q8m4-xhhv-38mg (members,
 * alarms, leases, compaction) are mended in 3.4.42, 3.5.28, 3.6.9; CVE-2026-44283 (reading by a put in a transaction) in the versions above.
 */
export function knownBypass(version: string): string | undefined {
  const [, minor = '', patch = ''] = /^(\d+\.\d+)\.(\d+)/.exec(version) ?? [];
  const mended = mendedIn.get(minor);
  const isOld = mended === undefined ? isBefore34(minor) : Number(patch) < mended;
  if (!isOld) return undefined;
  const least = [...mendedIn].map(([each, from]) => `${each}.${from}`).join(', ');
  return `etcd ${version} lets whoever has a certificate of its authority get round all roles (GHSA-rfx7-8w68-q57q and others; mended in ${least})`;
}

function isBefore34(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < 3 || (major === 3 && minor < 4);
}
