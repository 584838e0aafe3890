/**
 * Which of the process's clocks go on while the machine sleeps. A time namespace shifts CLOCK_BOOTTIME alone, which is what a
 * suspend does: to the processes in it the machine slept for so long.
 */
import { Processes } from '@wgcni/iproute';
import { describe, expect, it } from 'vitest';

const sleptSec = 100_000;
const { href } = new URL('instant.ts', import.meta.url);
const script = `import(${JSON.stringify(href)}).then(({ sinceBootMs }) =>
  console.log(JSON.stringify({ sinceBootMs: sinceBootMs(), monotonicMs: Number(process.hrtime.bigint() / 1_000_000n) })))`;

async function clocks(...before: string[]): Promise<{ sinceBootMs: number; monotonicMs: number }> {
  const argv = [...before, process.execPath, '--import', 'tsx', '-e', script] as const;
  const { status, stdout, stderr } = await new Processes().run({ argv });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as { sinceBootMs: number; monotonicMs: number };
}

describe('the time since boot', () => {
  it('goes on while the machine sleeps, as the silence has to; the monotonic clock does not', async () => {
    const awake = await clocks();
    const slept = await clocks('unshare', '--time', '--fork', '--boottime', String(sleptSec));
    const tookMs = 60_000;
    expect(slept.sinceBootMs - awake.sinceBootMs).toBeGreaterThan(sleptSec * 1_000);
    expect(slept.sinceBootMs - awake.sinceBootMs).toBeLessThan(sleptSec * 1_000 + tookMs);
    expect(slept.monotonicMs - awake.monotonicMs).toBeLessThan(tookMs);
  });
});
