/** promtool, Prometheus's own judge of rules and of what is told to it. */
import { spawnSync } from 'node:child_process';

export interface Verdict {
  isGood: boolean;
  /** What it printed. */
  text: string;
}

/** Runs it in a folder, with `input` on its standard input. Throws when it is not there: it comes with the Debian package prometheus. */
export function promtool(argv: readonly string[], { cwd, input = '' }: { cwd?: string; input?: string } = {}): Verdict {
  const { status, stdout, stderr, error } = spawnSync('promtool', argv, { cwd, input, encoding: 'utf8' });
  if (error !== undefined) throw new Error('promtool cannot be run: install the package prometheus', { cause: error });
  return { isGood: status === 0, text: stdout + stderr };
}
