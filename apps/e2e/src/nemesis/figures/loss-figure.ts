/** What pings lost through an outage, each loss laid to what happened last before it. Pure. */
import type { Figure } from './figure.ts';

/** 20 a second. */
export const intervalMs = 50;

interface Loss {
  stream: string;
  /** When it was sent, about, in Unix milliseconds. */
  atMs: number;
}

export interface StreamsResult {
  streams: number;
  sent: number;
  /** Of the stream that sent the fewest. */
  fewestSent: number;
  losses: Loss[];
}

export interface Happening {
  /** Unix milliseconds. */
  atMs: number;
  what: string;
}

export interface Observed {
  minutes: number;
  elapsedMs: number;
  containers: StreamsResult;
  /** What the machine itself lost meanwhile: told, and no excuse. */
  nodes: StreamsResult;
  happenings: readonly Happening[];
}

const mostTold = 20;
/** A machine under load sends a little less than it should. */
const leastShare = 0.8;

/** Kept when nothing was lost and no stream slept. */
export function lossFigure({ minutes, elapsedMs, containers, nodes, happenings }: Observed): Figure {
  const { losses, sent, streams, fewestSent } = containers;
  const isSteady = fewestSent >= (leastShare * elapsedMs) / intervalMs;
  const parts = [
    `${losses.length} of ${sent} in ${streams} streams over ${Math.round(elapsedMs / 1_000)} s`,
    ...losses.slice(0, mostTold).map((loss) => tellLoss(loss, happenings)),
    `the nodes themselves lost ${nodes.losses.length} of ${nodes.sent}`,
    ...(isSteady ? [] : [`a stream sent only ${fewestSent}`]),
  ];
  return {
    name: `packets lost in an outage of ${minutes} minutes and two restarts of every daemon`,
    value: parts.join('; '),
    isKept: losses.length === 0 && isSteady,
  };
}

function tellLoss({ stream, atMs }: Loss, happenings: readonly Happening[]): string {
  if (Number.isNaN(atMs)) return `${stream} before its first answer`;
  const before = happenings.findLast((happening) => happening.atMs <= atMs);
  const after = before === undefined ? '' : `, ${Math.round(atMs - before.atMs)} ms after "${before.what}"`;
  return `${stream} at ${new Date(atMs).toISOString()}${after}`;
}
