/** The smallest root file system for containers: busybox, a page to serve, and the directories that runtimes mount over. */
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Package busybox-static. */
const busybox = '/usr/bin/busybox';
const applets = ['sh', 'sleep', 'true', 'httpd', 'ip', 'cat'];

/** What `httpd` of such a container answers. */
export const servedText = 'served';

/** Fills `root`, which must not exist. */
export async function fillRootFilesystem(root: string): Promise<void> {
  for (const dir of ['bin', 'dev', 'etc', 'proc', 'run', 'sys', 'tmp', 'www']) {
    await mkdir(join(root, dir), { recursive: true });
  }
  await copyFile(busybox, join(root, 'bin/busybox'));
  for (const applet of applets) await symlink('busybox', join(root, 'bin', applet));
  await writeFile(join(root, 'www/index.html'), servedText);
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n');
}
