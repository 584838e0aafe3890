/** What every adapter of the Sysctl port must do. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Sysctl } from '../port.ts';

export interface SysctlHarness {
  sysctl: Sysctl;
  otherNetns: string;
  close(): Promise<void>;
}

/** Runs the suite on the adapter that `open` makes for each test. */
export function describeSysctlContract(name: string, open: () => Promise<SysctlHarness>): void {
  describe(`Sysctl contract: ${name}`, () => {
    let harness: SysctlHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(() => harness.close());

    it('reads back what it wrote', async () => {
      const { sysctl } = harness;
      await sysctl.write({ 'net.ipv4.ip_forward': '1', 'net.ipv6.conf.all.forwarding': '1' });
      expect(await sysctl.read('net.ipv4.ip_forward')).toBe('1');
      await sysctl.write({ 'net.ipv4.ip_forward': '0' });
      expect(await sysctl.read('net.ipv4.ip_forward')).toBe('0');
      expect(await sysctl.read('net.ipv6.conf.all.forwarding')).toBe('1');
    });

    it('empties a switch that holds a list, as it was before anybody wrote to it', async () => {
      const { sysctl } = harness;
      const name = 'net.ipv4.ip_local_reserved_ports';
      await sysctl.write({ [name]: '51821,61000-65535' });
      expect(await sysctl.read(name)).toBe('51821,61000-65535');
      await sysctl.write({ [name]: '' });
      expect(await sysctl.read(name)).toBe('');
    });

    it('keeps namespaces apart', async () => {
      const { sysctl, otherNetns } = harness;
      await sysctl.write({ 'net.ipv4.ip_forward': '0' });
      await sysctl.write({ 'net.ipv4.ip_forward': '1', 'net.ipv4.conf.lo.send_redirects': '0' }, otherNetns);
      expect(await sysctl.read('net.ipv4.ip_forward', otherNetns)).toBe('1');
      expect(await sysctl.read('net.ipv4.ip_forward')).toBe('0');
    });

    it('knows no value of a switch that the kernel does not have', async () => {
      const { sysctl, otherNetns } = harness;
      expect(await sysctl.read('net.ipv4.conf.absent.forwarding')).toBeUndefined();
      expect(await sysctl.read('net.ipv4.conf.absent.forwarding', otherNetns)).toBeUndefined();
    });

    it('refuses to write a switch that the kernel does not have, naming it', async () => {
      const name = 'net.ipv4.conf.absent.forwarding';
      const failure = { code: 'kernel.refused', message: expect.stringContaining(name) as string };
      await expect(harness.sysctl.write({ [name]: '1' })).rejects.toMatchObject(failure);
      await expect(harness.sysctl.write({ [name]: '1' }, harness.otherNetns)).rejects.toMatchObject(failure);
    });
  });
}
