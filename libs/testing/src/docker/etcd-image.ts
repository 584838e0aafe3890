/** The etcd image: made from scratch out of the Debian packages of this machine, because no registry is asked. */
import { cp, mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { sharedLibraries } from './shared-libraries.ts';

export const etcdImage = 'wgcni/etcd:debian';

/** Packages etcd-server, etcd-client and busybox-static. */
const programs = ['/usr/bin/etcd', '/usr/bin/etcdctl', '/usr/bin/busybox'];

/** Imports the image into the engine behind `dockerHost`; takes under a second. */
export async function importEtcdImage(dockerHost: string, signal: AbortSignal): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'wgcni-image-'));
  try {
    await fillRoot(root);
    const tar = execa('tar', ['--create', '--directory', root, '.'], { encoding: 'buffer', cancelSignal: signal });
    await tar.pipe('docker', ['import', '-', etcdImage], { env: { DOCKER_HOST: dockerHost }, cancelSignal: signal });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** The programs under /bin, the libraries they need where the loader looks for them, and a shell for health probes. */
async function fillRoot(root: string): Promise<void> {
  const { stdout } = await execa('ldd', programs, { reject: false });
  const copies = [
    ...programs.map((path) => ({ from: path, to: join(root, 'bin', path.slice(path.lastIndexOf('/'))) })),
    ...sharedLibraries(stdout).map((path) => ({ from: path, to: join(root, path) })),
  ];
  for (const { from, to } of copies) {
    await mkdir(dirname(to), { recursive: true });
    await cp(await realpath(from), to);
  }
  await symlink('busybox', join(root, 'bin', 'sh'));
  await mkdir(join(root, 'tmp'));
}
