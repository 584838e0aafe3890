/** The initial file system of the virtual machine: busybox, an init script and the modules it loads. */
import { copyFile, mkdir, readFile, symlink, writeFile, chmod } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import type { DebianKernel } from './debian-kernel.ts';
import { loadOrder } from './module-order.ts';

/** Loaded before anything runs; what else is asked for, the kernel loads by itself. */
const wanted = [
  // libcrc32c looks for it without saying so in modules.dep.
  'crc32c_generic',
  ...['virtio_pci', 'virtio_rng', '9pnet_virtio', '9p', 'overlay'],
  ...['wireguard', 'veth', 'bridge', 'dummy', 'tun'],
  ...[
    'nf_tables',
    'nft_compat',
    'nft_chain_nat',
    'xt_conntrack',
    'xt_MASQUERADE',
    'xt_TCPMSS',
    'xt_tcpudp',
    'xt_comment',
  ],
];

/** Writes the archive to `<dir>/initramfs`, with `initScript` as first process, and resolves with its path. */
export async function buildInitramfs(dir: string, kernel: DebianKernel, initScript: string): Promise<string> {
  const root = join(dir, 'initial-root');
  const modules = join(kernel.modules, kernel.release);
  const order = loadOrder(await readFile(join(modules, 'modules.dep'), 'utf8'), wanted);
  for (const name of ['bin', 'dev', 'proc', 'sys', 'modules']) await mkdir(join(root, name), { recursive: true });
  await copyFile('/usr/bin/busybox', join(root, 'bin/busybox'));
  await symlink('busybox', join(root, 'bin/sh'));
  await copyFile(initScript, join(root, 'init'));
  await chmod(join(root, 'init'), 0o755);
  for (const path of order) await copyFile(join(modules, path), join(root, 'modules', basename(path)));
  await writeFile(join(root, 'modules.order'), order.map((path) => `${basename(path)}\n`).join(''));
  await writeFile(join(root, 'modules.dir'), kernel.modules);
  const archive = join(dir, 'initramfs');
  const paths = await execa('find', ['.'], { cwd: root });
  await execa('busybox', ['cpio', '-o', '-H', 'newc'], {
    cwd: root,
    input: `${paths.stdout}\n`,
    stdout: { file: archive },
  });
  return archive;
}
