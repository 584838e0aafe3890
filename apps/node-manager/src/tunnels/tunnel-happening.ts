/** PURE: what became of a tunnel, in the words of an event. */
import type { Alike } from '../repair/few-events.ts';
import type { Tunnel, TunnelNews } from './tunnel.ts';

export interface NewsOf {
  nodeId: string;
  news: TunnelNews;
  /** As it was before that. */
  before: Tunnel;
}

/** `cause` and `remedy` are of the tunnel as it is now. */
export function tunnelHappening(
  { nodeId, news, before }: NewsOf,
  { cause, remedy }: Pick<Tunnel, 'cause' | 'remedy'>,
  nowMs: number,
): Alike {
  const told = { subject: `tunnel to ${nodeId}`, group: 'tunnels' };
  const why = { cause: cause ?? undefined, remedy: remedy ?? undefined };
  if (news === 'broken') return { kind: 'tunnel.broken', ...told, message: 'answers neither of two questions', ...why };
  const seconds = Math.round((nowMs - before.sinceMs) / 1_000);
  if (news === 'well') return { kind: 'tunnel.well', ...told, message: `carries packets again, after ${seconds} s` };
  const message = `is broken for ${seconds} s; its peer was written anew ${before.attempts} times`;
  return { kind: 'tunnel.not-repaired', ...told, message, ...why };
}
