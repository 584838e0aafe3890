/** Removing a kernel device, over an `ip` that takes its time and then fails: what the kernel still has is not called removed. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KernelDevices } from './devices.ts';

/** Shows one WireGuard link to whoever reads; a batch of changes is refused, later than anybody waited for it before. */
const slowIp = `#!/bin/sh
case "$*" in
  *-json*) echo '[{"ifindex":2,"ifname":"eth0","flags":[],"mtu":1420,"linkinfo":{"info_kind":"wireguard"}}]'; echo '[]' ;;
  *) sleep 0.5; echo 'RTNETLINK answers: Device or resource busy' >&2; echo 'Command failed -:1' >&2; exit 1 ;;
esac
`;

describe('the removal of a kernel device', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp('/dev/shm/wgcni-run-');
    await writeFile(join(directory, 'ip'), slowIp);
    await chmod(join(directory, 'ip'), 0o700);
    vi.stubEnv('PATH', `${directory}:${process.env.PATH ?? ''}`);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(directory, { recursive: true });
  });

  it('fails when the kernel refuses it, however late', async () => {
    const devices = await KernelDevices.open({ runDir: directory });
    const removal = devices.remove({ id: 'wg0123456789ab', name: 'eth0' });
    await expect(removal).rejects.toMatchObject({ code: 'kernel.refused', message: expect.stringContaining('busy') });
  });
});
