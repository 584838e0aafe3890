/** Where the words of a command go, and how it hears that it is to stop: the process, or a test in its place. */
import { columnsOf } from '../live/screen.ts';
import { progressOnStderr } from '../progress/on-stderr.ts';
import type { ShownProgress } from '../progress/progress.ts';

export interface Outlet {
  /** On stdout: answers alone. */
  tell(text: string): void;
  /** On stderr. */
  complain(text: string): void;
  /** Whether stdout is a terminal, and how wide. */
  isTerminal: boolean;
  columns: number | undefined;
  /** The status that the process will end with. */
  end(status: number): void;
  progress(isJson: boolean): ShownProgress;
  /** For a command that goes on until somebody ends it: from now on a signal ends it and not the process. */
  untilStopped(): AbortSignal;
}

export function processOutlet(): Outlet {
  const { stdout, stderr } = process;
  return {
    tell: (text) => void stdout.write(text),
    complain: (text) => void stderr.write(text),
    isTerminal: stdout.isTTY,
    columns: columnsOf(stdout),
    end: (status) => void (process.exitCode = status),
    progress: progressOnStderr,
    untilStopped: () => {
      const stop = new AbortController();
      for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort(new Error(name)));
      return stop.signal;
    },
  };
}

/** For whoever wants the words of the commands, and runs none. */
export const silentOutlet: Outlet = {
  ...{ tell: () => {}, complain: () => {}, end: () => {}, isTerminal: false, columns: undefined },
  progress: () => progressOnStderr(true),
  untilStopped: () => AbortSignal.abort(),
};
