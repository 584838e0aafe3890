/** Which backend is chosen, in a throw-away namespace of the real machine. */
import { ExecIpRoute } from '@wgcni/iproute';
import { ThrowawayNetns } from '@wgcni/iproute/contract';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { detectBackend, openDevices } from './backend.ts';
import { closePlace, openPlace } from './contract/index.ts';

describe('detectBackend', () => {
  let netns: ThrowawayNetns;
  beforeEach(async () => {
    netns = await ThrowawayNetns.open();
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await netns.close();
  });

  it('finds one on this machine, leaves no link behind, and opens it', async () => {
    const backend = await detectBackend(netns.path);
    const { links } = await new ExecIpRoute({ ownNetns: netns.path }).observe(undefined);
    expect(links.map((link) => link.name)).toEqual(['lo']);

    const place = await openPlace();
    const devices = await openDevices(backend, { ...place, ownNetns: place.node.path });
    expect(devices.backend).toBe(backend);
    await closePlace(place);
  });

  it('says what to install when the kernel has none and wireguard-go is not in PATH', async () => {
    const backend = await detectBackend();
    vi.stubEnv('PATH', '/nowhere');
    if (backend === 'kernel') expect(await detectBackend()).toBe('kernel');
    else {
      await expect(detectBackend()).rejects.toMatchObject({
        code: 'config.invalid',
        message: expect.stringContaining('there is no wireguard-go'),
        remedy: expect.stringContaining('install wireguard-go'),
      });
    }
  });
});
