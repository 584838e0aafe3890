/** A configuration that is read again while the program runs: what can change is taken over, all of it or nothing. */
import { CatalogueError, type Log, messageOf } from '@wgcni/base';
import type { Flag, Program, Said } from '../program.ts';
import type { Judged } from './judge-config.ts';

export interface Changes {
  /** Names of flags that changed and can be taken over. */
  live: string[];
  /** Those that need a restart. */
  restart: string[];
}

export interface ReloadSpec<T> {
  program: Program;
  /** Reads everything anew. Throws CatalogueError as at the start. */
  read: () => Judged<T>;
  /** Takes over what can change, named by its flags; nothing of it fails. */
  take: (config: T, changed: readonly string[]) => void;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
}

/** PURE: what is said otherwise than before. */
export function changesOf({ flags }: Pick<Program, 'flags'>, before: Said, after: Said): Changes {
  const text = (said: Said, name: string): string | undefined => said.get(name)?.join(',');
  const changed = flags.filter(({ name }) => text(before, name) !== text(after, name));
  const waiting = new Set(changed.filter(({ live }) => live !== true).map(({ name }) => name));
  const mayChange = ({ live, with: others = [] }: Flag): boolean =>
    live === true && !others.some((other) => waiting.has(other));
  const named = (isLive: boolean): string[] =>
    changed.filter((flag) => mayChange(flag) === isLive).map(({ name }) => name);
  return { live: named(true), restart: named(false) };
}

/** Answers what to do at each SIGHUP; `said` is what the program was started with. */
export function reloader<T>({ program, read, take, log }: ReloadSpec<T>, said: Said): () => void {
  let inEffect = new Map(said);
  return () => {
    let next: Judged<T>;
    try {
      next = read();
    } catch (error) {
      const { field, remedy } = error instanceof CatalogueError ? error : {};
      log.error({ why: messageOf(error), field, remedy }, 'config.refused');
      return;
    }
    const { live, restart } = changesOf(program, inEffect, next.said);
    if (live.length > 0) take(next.config, live);
    inEffect = new Map(inEffect);
    for (const name of live) {
      const words = next.said.get(name);
      if (words === undefined) inEffect.delete(name);
      else inEffect.set(name, words);
    }
    log.info({ changed: live }, 'config.reloaded');
    if (restart.length > 0)
      log.warn({ flags: restart, remedy: `restart ${program.name} to take them over` }, 'config.restart-needed');
  };
}
