/** The kernel's own WireGuard keeps the device contract. Skipped where the kernel has none; a virtual machine runs it. */
import { execFileSync } from 'node:child_process';
import { describe, it } from 'vitest';
import { describeDeviceContract, openRealHarness } from './contract/index.ts';
import { KernelDevices } from './kernel/devices.ts';

const refusal = whyNoKernelWireguard();

if (refusal === undefined) {
  describeDeviceContract(
    'kernel',
    () => openRealHarness(({ node, runDir }) => KernelDevices.open({ runDir, ownNetns: node.path })),
    { carriesPackets: true },
  );
} else {
  describe.skip(`WireGuard device contract: kernel (skipped: ${refusal})`, () => {
    it('needs root and a kernel that makes WireGuard links', () => {});
  });
}

/** Known before the tests are collected, hence synchronous. */
function whyNoKernelWireguard(): string | undefined {
  const name = `wg-try-${process.pid}`;
  try {
    execFileSync('ip', ['link', 'add', name, 'type', 'wireguard'], { stdio: 'pipe' });
    execFileSync('ip', ['link', 'del', name], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return String((error as { stderr?: Buffer }).stderr ?? error).trim();
  }
}
