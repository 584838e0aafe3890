/** Which boot of the machine this is: no device outlives one. */
import { readFile } from 'node:fs/promises';

/** The identity of the running boot; a port, so that tests can reboot. */
export type ReadBootId = () => Promise<string>;

/** The kernel's random id of this boot. */
export const kernelBootId: ReadBootId = async () => (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();

/** Milliseconds on CLOCK_MONOTONIC: one clock for every process of this boot, so that the plugin's instants compare with ours. */
export function bootUptimeMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
