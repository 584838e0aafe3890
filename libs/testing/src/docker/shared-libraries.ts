/** PURE: which files a dynamically linked program needs, from what `ldd` prints. */

/** Absolute paths of the loader and the shared libraries in the output of `ldd`; throws when one was not found. */
export function sharedLibraries(lddOutput: string): string[] {
  const missing = /^\s*(\S+) => not found/m.exec(lddOutput);
  if (missing) throw new Error(`the library ${missing[1]} is not installed`);
  const paths = [...lddOutput.matchAll(/^\s*(?:\S+ => )?(\/\S+) \(0x[0-9a-f]+\)$/gm)].map(
    (match) => match[1] as string,
  );
  return [...new Set(paths)].sort();
}
