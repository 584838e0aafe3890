/** Whether this machine can carry a lab, before anything is made: a clear error instead of a failure half-way. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';

/** Throws an error that names what is missing and the remedy. */
export async function checkMachine(): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('the lab makes network namespaces: run it as root');
  await access('/dev/net/tun', constants.R_OK | constants.W_OK).catch((cause: unknown) => {
    throw new Error(
      '/dev/net/tun is missing, which userspace WireGuard needs: `modprobe tun`, or make it with `mknod /dev/net/tun c 10 200`',
      {
        cause,
      },
    );
  });
}
