/** One question over a link and its answer, which may stay away. */
import { abortReason } from '@wgcni/base';
import type { Actor } from './actor.ts';
import type { Link } from './link.ts';

export type Answer<T> = { value: T } | { error: Error };

export interface Asking {
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** Nobody has answered in time: what was asked may have been done, may be done yet, or never. */
export class NoAnswerError extends Error {
  constructor() {
    super('no answer in time');
    this.name = 'NoAnswerError';
  }
}

/** So many of a hundred questions leave a little later than they were asked: the process may be stopped in between. */
const lingeringPercent = 20;
const lingeringMs = 4;

/** Asks over the link. `serve` runs there, at the other end, and replies once. Throws NoAnswerError, the signal's reason, or what was replied. */
export function exchange<T>(
  actor: Actor,
  link: Link,
  serve: (reply: (answer: Answer<T>) => void) => void,
  { timeoutMs, signal }: Asking,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let isSettled = false;
    const settle = (then: () => void): void => {
      if (isSettled) return;
      isSettled = true;
      callOff();
      signal?.removeEventListener('abort', onAbort);
      then();
    };
    const onAbort = (): void => settle(() => reject(signal === undefined ? new NoAnswerError() : abortReason(signal)));
    const callOff = actor.after(timeoutMs, () => settle(() => reject(new NoAnswerError())));
    if (signal?.aborted === true) return onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    const take = (answer: Answer<T>): void =>
      settle(() => ('value' in answer ? resolve(answer.value) : reject(answer.error)));
    const reply = (answer: Answer<T>): void => link.send('back', () => actor.receive(() => take(answer)));
    const leave = (): void => link.send('there', () => serve(reply));
    if (actor.isFrozen || actor.random.chance(lingeringPercent)) actor.after(actor.random.unit() * lingeringMs, leave);
    else leave();
  });
}
