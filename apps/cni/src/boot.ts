/** The start of this process as other processes of this boot can compare it. */
import { readFileSync } from 'node:fs';

export interface StartedAt {
  /** ISO text of the wall clock. */
  wall: string;
  bootId: string;
  /** Milliseconds on CLOCK_MONOTONIC. */
  uptimeMs: number;
}

/** When this process started. Throws the system's error when /proc is not there. */
export function processStartedAt(): StartedAt {
  const nowMs = Number(process.hrtime.bigint() / 1000n) / 1000;
  return {
    wall: new Date(performance.timeOrigin).toISOString(),
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    uptimeMs: nowMs - performance.now(),
  };
}
