/** The one answer on stdout: whole, by direct writes, because a process that exits loses what a stream still holds. */
import { writeSync } from 'node:fs';

const stdout = 1;
const retryMs = 5;
/** A reader that takes nothing for so long is gone. */
const patienceMs = 5_000;

/** Writes all of `text`. Throws the system's error when nobody reads (EPIPE), or EAGAIN after 5 s of a full pipe. */
export function writeStdout(text: string): void {
  const bytes = Buffer.from(text);
  const until = performance.now() + patienceMs;
  for (let written = 0; written < bytes.length;) {
    written += writeSome(bytes.subarray(written), until);
  }
}

/** A runtime may hand over a non-blocking pipe; then a full one says EAGAIN and is tried again. */
function writeSome(bytes: Buffer, until: number): number {
  try {
    return writeSync(stdout, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || performance.now() > until) throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
    return 0;
  }
}
