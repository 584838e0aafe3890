/** The image of every sandbox, made from scratch: busybox that sleeps. In the form of `docker save`. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { fillRootFilesystem } from '../root-filesystem.ts';

/** A name that no registry has. */
export const pauseImage = 'wgcni.test/pause:1';

/** Writes the archive to `path`. */
export async function writePauseImage(path: string): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'wgcni-pause-'));
  try {
    await fillRootFilesystem(join(dir, 'root'));
    const layer = join(dir, 'layer.tar');
    await execa('tar', ['--create', '--file', layer, '--owner=0', '--group=0', '--directory', join(dir, 'root'), '.']);
    const digest = createHash('sha256')
      .update(await readFile(layer))
      .digest('hex');
    const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
    const config = {
      ...{ architecture, os: 'linux', config: { Entrypoint: ['/bin/busybox', 'sleep', '86400'] } },
      rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
    };
    await writeFile(join(dir, 'config.json'), JSON.stringify(config));
    const manifest = [{ Config: 'config.json', RepoTags: [pauseImage], Layers: ['layer.tar'] }];
    await writeFile(join(dir, 'manifest.json'), JSON.stringify(manifest));
    await execa('tar', ['--create', '--file', path, '--directory', dir, 'manifest.json', 'config.json', 'layer.tar']);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
