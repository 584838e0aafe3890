/** Who reads what is printed: `head`, `less` and others that end before everything was written. */
import type { Writable } from 'node:stream';

/** Calls `end` when nobody reads the stream any more (EPIPE), which is no failure of the command; any other error is thrown. */
export function endWithReader(stream: Writable, end: () => void): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    end();
  });
}
