/** Everything on stdin, within bounds of time and size: a runtime that forgets to close it must not hang its node. */
import { CatalogueError } from '@wgcni/base';

/** A GC of 100,000 attachments takes about 10 MB. */
const maxBytes = 64 * 1024 * 1024;

/**
 * Reads `stream` to its end. Rejects with CatalogueError `io.failed` when it does not end within `timeoutMs` or fails, and
 * `decode.failed` when it is too large. A stream, not `fs.read`: a blocked read would keep the process from exiting.
 */
export function readAll(stream: NodeJS.ReadableStream, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => reject(notClosed(timeoutMs)), timeoutMs);
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      finish();
    };
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) return settle(() => reject(tooLarge()));
      chunks.push(chunk);
    });
    stream.once('end', () => settle(() => resolve(Buffer.concat(chunks).toString('utf8'))));
    stream.on('error', (cause: Error) => settle(() => reject(unreadable(cause))));
  });
}

function notClosed(timeoutMs: number): CatalogueError {
  return new CatalogueError('io.failed', `stdin was not closed within ${timeoutMs} ms`, {
    field: 'stdin',
    remedy: 'write the network configuration to stdin and close it',
  });
}

function tooLarge(): CatalogueError {
  return new CatalogueError('decode.failed', `stdin holds more than ${maxBytes} bytes`, {
    field: 'stdin',
    remedy: 'give the network configuration only',
  });
}

function unreadable(cause: Error): CatalogueError {
  return new CatalogueError('io.failed', `stdin cannot be read: ${cause.message}`, { field: 'stdin', cause });
}
