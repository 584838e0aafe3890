/** The etcd image: made of the Debian packages of this machine. */
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { importImage } from './program-image.ts';

export const etcdImage = 'wgcni/etcd:debian';

/** Packages etcd-server, etcd-client and busybox-static. */
const programs = ['/usr/bin/etcd', '/usr/bin/etcdctl', '/usr/bin/busybox'];

/** Imports the image into the engine behind `dockerHost`; takes under a second. */
export async function importEtcdImage(dockerHost: string, signal: AbortSignal): Promise<void> {
  await importImage({ name: etcdImage, programs, complete: addShell }, dockerHost, signal);
}

/** A shell for health probes, and a place for temporary files. */
async function addShell(root: string): Promise<void> {
  await symlink('busybox', join(root, 'bin', 'sh'));
  await mkdir(join(root, 'tmp'));
}
