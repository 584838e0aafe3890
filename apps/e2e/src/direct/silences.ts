/** PURE: for how long one container heard nothing of another while both were up. */
import type { Heard } from './talker.ts';

/** While it is up: from when the last was told of it until it is asked to leave. Unix milliseconds. */
export interface Stay {
  fromMs: number;
  toMs: number;
}

/** The longest silence of `sender` at `listener` in the time in which both were up, in milliseconds; undefined when they never were. */
export function longestSilence(sender: Stay, listener: Stay, heard: Heard | undefined): number | undefined {
  const fromMs = Math.max(sender.fromMs, listener.fromMs);
  const toMs = Math.min(sender.toMs, listener.toMs);
  if (fromMs >= toMs) return undefined;
  if (heard === undefined) return toMs - fromMs;
  const silences: [number, number][] = [[-Infinity, heard.firstMs], ...heard.silences, [heard.lastMs, Infinity]];
  return Math.max(0, ...silences.map(([begin, end]) => Math.min(end, toMs) - Math.max(begin, fromMs)));
}
