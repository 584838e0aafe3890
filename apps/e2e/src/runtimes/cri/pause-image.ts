/** The image of every sandbox, made from scratch: busybox that sleeps. An OCI image layout, and an archive of it. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { fillRootFilesystem } from '../root-filesystem.ts';

const repository = 'wgcni.test/pause';
const tag = '1';

/** A name that no registry has. */
export const pauseImage = `${repository}:${tag}`;

export interface PauseImage {
  /** The layout is in the subdirectory that is named as the repository. */
  layouts: string;
  archive: string;
}

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

const mediaTypes = {
  layer: 'application/vnd.oci.image.layer.v1.tar',
  config: 'application/vnd.oci.image.config.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
};

/** Writes both into `dir`, which need not exist. */
export async function writePauseImage(dir: string): Promise<PauseImage> {
  const layout = join(dir, repository);
  await mkdir(join(layout, 'blobs/sha256'), { recursive: true });
  const layer = await addBlob(layout, mediaTypes.layer, await rootFilesystem());
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const config = await addJson(layout, mediaTypes.config, {
    ...{ architecture, os: 'linux', config: { Entrypoint: ['/bin/busybox', 'sleep', '86400'] } },
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
  });
  const manifest = await addJson(layout, mediaTypes.manifest, { schemaVersion: 2, config, layers: [layer] });
  const annotations = { 'org.opencontainers.image.ref.name': tag, 'io.containerd.image.name': pauseImage };
  await writeFile(join(layout, 'oci-layout'), '{"imageLayoutVersion": "1.0.0"}');
  await writeFile(
    join(layout, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
  );
  const archive = join(dir, 'pause.tar');
  await execa('tar', ['--create', '--file', archive, '--directory', layout, '.']);
  return { layouts: dir, archive };
}

/** The one layer, a tar. */
async function rootFilesystem(): Promise<Buffer> {
  const dir = await mkdtemp(join(tmpdir(), 'wgcni-pause-'));
  try {
    await fillRootFilesystem(join(dir, 'root'));
    const layer = join(dir, 'layer.tar');
    await execa('tar', ['--create', '--file', layer, '--owner=0', '--group=0', '--directory', join(dir, 'root'), '.']);
    return await readFile(layer);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function addJson(layout: string, mediaType: string, value: unknown): Promise<Descriptor> {
  return addBlob(layout, mediaType, Buffer.from(JSON.stringify(value)));
}

async function addBlob(layout: string, mediaType: string, content: Buffer): Promise<Descriptor> {
  const hex = createHash('sha256').update(content).digest('hex');
  await writeFile(join(layout, 'blobs/sha256', hex), content);
  return { mediaType, digest: `sha256:${hex}`, size: content.length };
}
