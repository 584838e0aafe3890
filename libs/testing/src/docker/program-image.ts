/** Images from scratch, out of programs of this machine and the libraries that they need, because no registry is asked. */
import { cp, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { sharedLibraries } from './shared-libraries.ts';

export interface ProgramImage {
  name: string;
  /** Absolute paths; they stand in /bin of the image. */
  programs: readonly string[];
  /** What else belongs into its root directory. */
  complete?: (root: string) => Promise<void>;
}

/** Imports the image into the engine behind `dockerHost`; takes about a second. */
export async function importImage(image: ProgramImage, dockerHost: string, signal: AbortSignal): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'wgcni-image-'));
  try {
    await fillRoot(root, image.programs);
    await image.complete?.(root);
    const tar = execa('tar', ['--create', '--directory', root, '.'], { buffer: false, cancelSignal: signal });
    await tar.pipe('docker', ['import', '-', image.name], { env: { DOCKER_HOST: dockerHost }, cancelSignal: signal });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** The programs under /bin, and the libraries they need where the loader looks for them. */
async function fillRoot(root: string, programs: readonly string[]): Promise<void> {
  const { stdout } = await execa('ldd', programs, { reject: false });
  const copies = [
    ...programs.map((path) => ({ from: path, to: join(root, 'bin', basename(path)) })),
    ...sharedLibraries(stdout).map((path) => ({ from: path, to: join(root, path) })),
  ];
  for (const { from, to } of copies) {
    await mkdir(dirname(to), { recursive: true });
    await cp(await realpath(from), to);
  }
}
