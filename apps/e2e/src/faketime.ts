/** Programs under a wall clock that a file moves while they run: libfaketime, which Node obeys. */
import { existsSync } from 'node:fs';

/** Debian's package libfaketime, for the multiarch directory of this machine. */
const library = ['x86_64-linux-gnu', 'aarch64-linux-gnu']
  .map((arch) => `/usr/lib/${arch}/faketime/libfaketime.so.1`)
  .find((path) => existsSync(path));

/** The library. Throws when it is not installed. */
export function faketimeLibrary(): string {
  if (library === undefined) throw new Error('libfaketime is not installed (package libfaketime)');
  return library;
}

/** The environment of a program whose wall clock is as far from the true time as the file says (`+60`, `-60`); the monotonic one is not moved. */
export function movedClock(file: string): Record<string, string> {
  return {
    LD_PRELOAD: faketimeLibrary(),
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}
