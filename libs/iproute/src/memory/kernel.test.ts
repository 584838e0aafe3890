/** What only the memory kernel can do: faults, strangers, and a record of what was applied. */
import { describe, expect, it } from 'vitest';
import type { KernelChange } from '../port.ts';
import { MemoryKernel } from './kernel.ts';

const up: KernelChange = { kind: 'set-link', name: 'eth0', isUp: true };
const four: KernelChange = { kind: 'set-address', link: 'eth0', address: '10.64.0.1', prefixLength: 24 };
const six: KernelChange = { kind: 'set-address', link: 'eth0', address: 'fd64::1', prefixLength: 64 };

function kernelWithLink(): MemoryKernel {
  const kernel = new MemoryKernel();
  kernel.addLink(undefined, { name: 'eth0', kind: 'veth' });
  return kernel;
}

describe('MemoryKernel', () => {
  it('refuses what a test tells it to, and notes only what it applied', async () => {
    const kernel = kernelWithLink();
    kernel.refuseWhen = (change) => (change.kind === 'set-address' ? 'no room' : undefined);
    await expect(kernel.apply([up, four], undefined)).rejects.toThrow(
      '"ip addr replace 10.64.0.1/24 dev eth0": no room',
    );
    expect(kernel.applied).toEqual([{ change: up, netns: undefined }]);
  });

  it('shows connected routes of links that are up, as the kernel makes them', async () => {
    const kernel = kernelWithLink();
    await kernel.apply([four, six], undefined);
    expect((await kernel.observe(undefined)).routes).toEqual([]);
    await kernel.apply([up], undefined);
    expect((await kernel.observe(undefined)).routes).toMatchObject([
      { destination: '10.64.0.0/24', device: 'eth0', protocol: 2, metric: 0, source: '10.64.0.1' },
      { destination: 'fd64::/64', device: 'eth0', protocol: 2, metric: 256 },
    ]);
  });

  it('forgets routes and IPv6 addresses of a link that goes down', async () => {
    const kernel = kernelWithLink();
    const route: KernelChange = {
      kind: 'set-route',
      route: { destination: '10.9.0.0/16', kind: 'unicast', device: 'eth0', source: '10.64.0.1' },
    };
    await kernel.apply([up, four, six, route, { kind: 'set-link', name: 'eth0', isUp: false }], undefined);
    const { addresses, routes } = await kernel.observe(undefined);
    expect(addresses.map((address) => address.address)).toEqual(['10.64.0.1']);
    expect(routes).toEqual([]);
  });

  it('renames a link with its addresses and routes, but not while it is up or over another', async () => {
    const kernel = kernelWithLink();
    kernel.addLink(undefined, { name: 'eth1', kind: 'veth' });
    const rename = (to: string): KernelChange => ({ kind: 'rename-link', name: 'eth0', to });
    await expect(kernel.apply([rename('eth1')], undefined)).rejects.toThrow('File exists');
    await kernel.apply([four, rename('eth2')], undefined);
    expect((await kernel.observe(undefined)).addresses).toMatchObject([{ linkName: 'eth2' }]);
    await kernel.apply([{ ...up, name: 'eth1' }], undefined);
    await expect(kernel.apply([{ kind: 'rename-link', name: 'eth1', to: 'x' }], undefined)).rejects.toThrow('busy');
    await expect(kernel.apply([{ kind: 'rename-link', name: 'y', to: 'z' }], undefined)).rejects.toThrow('Cannot find');
  });

  it.each<[string, KernelChange, string]>([
    ['a link that is missing', { ...four, link: 'eth9' }, 'Cannot find device'],
    ['text that is no address', { ...four, address: 'x' }, 'any valid prefix'],
    [
      'a source that is nowhere',
      { kind: 'set-route', route: { destination: '10.9.0.0/16', kind: 'unicast', device: 'eth0', source: '10.1.1.1' } },
      'Invalid prefsrc',
    ],
    [
      'a route over a missing link',
      { kind: 'set-route', route: { destination: '10.9.0.0/16', kind: 'unicast', device: 'eth9' } },
      'Cannot find device',
    ],
  ])('refuses %s', async (_, change, reason) => {
    const kernel = kernelWithLink();
    await expect(kernel.apply([up, change], undefined)).rejects.toThrow(reason);
  });

  it('refuses a link of a taken name, and loses one that is removed behind our back', async () => {
    const kernel = kernelWithLink();
    expect(() => kernel.addLink(undefined, { name: 'eth0', kind: 'veth' })).toThrow('exists already');
    kernel.removeLink(undefined, 'eth0');
    expect((await kernel.observe(undefined)).links.map((link) => link.name)).toEqual(['lo']);
  });

  it('refuses to move a link that is not there', async () => {
    const kernel = new MemoryKernel();
    kernel.addNamespace('/n');
    await expect(kernel.moveLink('absent', '/n', 'eth0')).rejects.toMatchObject({ code: 'kernel.refused' });
  });
});
