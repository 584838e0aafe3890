/** Installing on a real directory: what is there afterwards, what is refused, and that nothing is left half done. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installCni, type InstallOptions } from './install.ts';

describe('wgcni cni install', () => {
  let dir: string;
  let options: InstallOptions;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'wgcni-install-'));
    const plugin = join(dir, 'built.cjs');
    await writeFile(plugin, '#!/usr/bin/env node\n', { mode: 0o600 });
    const config = join(dir, '10-a.conflist');
    await writeFile(config, JSON.stringify({ name: 'n', plugins: [{ type: 'wireguard-cni' }] }));
    options = {
      plugin,
      config,
      binDir: join(dir, 'bin'),
      confDir: join(dir, 'net.d'),
      socket: '/run/s.sock',
      queueDir: '/q',
      withNode: false,
    };
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('puts an executable plugin and a readable configuration in place, and leaves nothing beside them', async () => {
    await installCni(options);
    await installCni(options);
    expect(await readdir(options.binDir)).toEqual(['wireguard-cni']);
    expect(await readdir(options.confDir)).toEqual(['10-a.conflist']);
    expect((await stat(join(options.binDir, 'wireguard-cni'))).mode & 0o777).toBe(0o755);
    expect((await stat(join(options.confDir, '10-a.conflist'))).mode & 0o777).toBe(0o644);
    const { plugins } = JSON.parse(await readFile(join(options.confDir, '10-a.conflist'), 'utf8'));
    expect(plugins).toEqual([{ type: 'wireguard-cni', socket: '/run/s.sock', queueDir: '/q' }]);
  });

  it('brings a Node for a host that has none', async () => {
    await writeFile(options.plugin, '#!/usr/bin/env node\nprocess.stdout.write(process.execPath)\n');
    await installCni({ ...options, withNode: true });
    const { stdout } = await promisify(execFile)(join(options.binDir, 'wireguard-cni'), { env: { PATH: '/nowhere' } });
    expect(stdout).toBe(join(options.binDir, 'wireguard-cni-node'));
    expect((await readdir(options.binDir)).sort()).toEqual(['wireguard-cni', 'wireguard-cni-node']);
  });

  it('says which configuration a runtime would take instead', async () => {
    await installCni(options);
    await writeFile(join(options.confDir, '05-other.conf'), '{}');
    expect((await installCni(options)).text).toContain('05-other.conf stands before it');
  });

  it('refuses a chain of which a plugin is missing, before it changes anything', async () => {
    await writeFile(
      options.config,
      JSON.stringify({ name: 'n', plugins: [{ type: 'wireguard-cni' }, { type: 'portmap' }] }),
    );
    await expect(installCni(options)).rejects.toThrow(`${options.binDir} has no portmap`);
    expect(await readdir(dir)).toEqual(['10-a.conflist', 'built.cjs']);
  });

  it('refuses a plugin that is not there', async () => {
    await expect(installCni({ ...options, plugin: '/nowhere/cni.cjs' })).rejects.toThrow(
      '/nowhere/cni.cjs cannot be read',
    );
  });
});
