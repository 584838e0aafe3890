/** The protocol versions spoken here, oldest first, and what each one allows. */

export const cniVersions = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;

export type CniVersion = (typeof cniVersions)[number];

/** What is spoken when nobody said which version: in errors before the configuration was read, in VERSION without input. */
export const newestVersion = '1.1.0' satisfies CniVersion;

/** SPEC: CNI 0.2.0: a configuration without `cniVersion` is one of 0.1.0. */
export const impliedVersion = '0.1.0' satisfies CniVersion;

export function isCniVersion(text: string): text is CniVersion {
  return (cniVersions as readonly string[]).includes(text);
}

/** Whether `version` is `least` or newer. */
export function isAtLeast(version: CniVersion, least: CniVersion): boolean {
  return cniVersions.indexOf(version) >= cniVersions.indexOf(least);
}
