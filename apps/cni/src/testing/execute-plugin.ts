/** Executes the bundled plugin as a runtime does, and collects what it said; for its tests. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';

export interface Run {
  exitCode: number | null;
  stdout: string;
  stderr: string;
  tookMs: number;
}

export interface Execution {
  variables: Record<string, string>;
  /** Null: it stays open. */
  stdin: string | null;
  /** Gets at the process while it runs. */
  tamper?: (child: ChildProcessWithoutNullStreams) => void;
}

/** Resolves when the process has ended and both its outputs are closed. */
export function executePlugin(plugin: string, { variables, stdin, tamper = () => {} }: Execution): Promise<Run> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [plugin], { env: variables });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (text.stdout += chunk));
  child.stderr.on('data', (chunk) => (text.stderr += chunk));
  // A plugin that ends without reading closes the pipe under us.
  child.stdin.on('error', () => {});
  if (stdin !== null) child.stdin.end(stdin);
  tamper(child);
  return new Promise((resolve) =>
    child.on('close', (exitCode) => resolve({ exitCode, ...text, tookMs: performance.now() - startedMs })),
  );
}
