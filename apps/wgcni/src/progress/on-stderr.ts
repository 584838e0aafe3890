/** Progress on the stderr of this process. */
import { systemClock } from '@wgcni/base';
import { columnsOf } from '../live/screen.ts';
import { mannerFor } from './progress-line.ts';
import { ShownProgress } from './progress.ts';

export function progressOnStderr(isJson: boolean): ShownProgress {
  const { stderr, env } = process;
  return new ShownProgress({
    manner: mannerFor({ isTerminal: stderr.isTTY, isJson, terminal: env['TERM'] }),
    write: (text) => void stderr.write(text),
    columns: () => columnsOf(stderr),
    clock: systemClock,
    onInterrupt,
  });
}

/** Whoever else listens decides what a signal does; if nobody does, it ends the process as if nobody had listened. */
function onInterrupt(erase: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const forgets = signals.map((name) => {
    const hear = (): void => {
      const isOurs = process.listenerCount(name) === 1;
      erase();
      if (isOurs) process.kill(process.pid, name);
    };
    process.on(name, hear);
    return () => process.off(name, hear);
  });
  return () => forgets.forEach((forget) => forget());
}
