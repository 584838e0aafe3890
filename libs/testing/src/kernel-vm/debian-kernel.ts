/** Debian's stock kernel for the virtual machine: downloaded once with apt and unpacked into a cache, never installed. */
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa } from 'execa';

export interface DebianKernel {
  /** `6.1.0-40-amd64`. */
  release: string;
  image: string;
  /** The directory that holds `<release>/modules.dep`, as `/lib/modules` does. */
  modules: string;
}

/** What a network test can want of the kernel; leaving drivers out makes 30 MB of 400. */
const unpacked = ['boot/vmlinuz-*', 'lib/modules/*/modules.*'].concat(
  ['net', 'crypto', 'lib', 'arch', 'fs', 'drivers/virtio', 'drivers/net/wireguard', 'drivers/char/hw_random'].map(
    (dir) => `lib/modules/*/kernel/${dir}/*`,
  ),
  ['veth', 'dummy', 'tun', 'ifb', 'macvlan'].map((name) => `lib/modules/*/kernel/drivers/net/${name}.ko*`),
);

/** The kernel on which `linux-image-amd64` depends, from the cache or downloaded into it. Needs Debian's apt on amd64. */
export async function debianKernel(cache: string, signal: AbortSignal): Promise<DebianKernel> {
  const name = await packageName(signal);
  const home = resolve(cache, name);
  if (!(await isThere(home))) await download(name, home, signal);
  const release = name.replace('linux-image-', '');
  return { release, image: join(home, 'boot', `vmlinuz-${release}`), modules: join(home, 'lib/modules') };
}

async function packageName(signal: AbortSignal): Promise<string> {
  const { stdout } = await execa('apt-cache', ['depends', 'linux-image-amd64'], {
    cancelSignal: signal,
    reject: false,
  });
  const name = /Depends: (linux-image-\S+)/.exec(stdout)?.[1];
  if (name === undefined) throw new Error('apt knows no linux-image-amd64: run `apt-get update` on an amd64 Debian');
  return name;
}

/** Unpacks beside `home` and renames, so that a run that was cut short leaves no half kernel. */
async function download(name: string, home: string, signal: AbortSignal): Promise<void> {
  await mkdir(join(home, '..'), { recursive: true });
  const dir = await mkdtemp(`${home}-`);
  const options = { cwd: dir, cancelSignal: signal };
  try {
    const get = (): Promise<unknown> => execa('apt-get', ['-o', 'APT::Sandbox::User=root', 'download', name], options);
    // The lists of a machine that stood for a while name a version that the mirror no longer has.
    await get().catch(() => execa('apt-get', ['update'], options).then(get));
    const deb = (await readdir(dir)).find((file) => file.endsWith('.deb'));
    if (deb === undefined) throw new Error(`apt-get downloaded no package for ${name}`);
    const extract = ['--extract', '--wildcards', ...unpacked.map((path) => `./${path}`)];
    await execa('dpkg-deb', ['--fsys-tarfile', deb], { ...options, buffer: false }).pipe('tar', extract, options);
    await execa('busybox', ['depmod', '-b', '.', name.replace('linux-image-', '')], options);
    await rm(join(dir, deb));
    await rename(dir, home);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
