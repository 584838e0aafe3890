/** A copy of the work tree that bugs are planted in: its own sources and bundles, everybody else's packages. */
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { linkPackages } from './link-packages.ts';

export class TreeCopy {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Copies what git knows or could know of `root`, as it is on disk now. */
  static async of(root: string): Promise<TreeCopy> {
    const copy = new TreeCopy(await mkdtemp(join(tmpdir(), 'wgcni-planted-')));
    try {
      await copy.#fill(root);
      return copy;
    } catch (error) {
      await copy.remove();
      throw error;
    }
  }

  /** Throws when the patch does not apply. */
  async plant(patch: string): Promise<void> {
    await execa('git', ['apply', '--whitespace=nowarn', patch], { cwd: this.path });
  }

  async takeOut(patch: string): Promise<void> {
    await execa('git', ['apply', '--whitespace=nowarn', '--reverse', patch], { cwd: this.path });
  }

  /** Bundles every program from the sources of the copy. */
  async bundle(): Promise<void> {
    for (const app of await readdir(join(this.path, 'apps')))
      if (await isProgram(join(this.path, 'apps', app))) await execa('node', ['bundle.mjs', app], { cwd: this.path });
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  async #fill(root: string): Promise<void> {
    for (const path of await filesOf(root)) {
      await mkdir(join(this.path, dirname(path)), { recursive: true });
      await copyFile(join(root, path), join(this.path, path));
    }
    await linkPackages(root, this.path);
    // What was downloaded or built once for the tests; nothing of ours that a patch could touch.
    await mkdir(join(root, '.cache'), { recursive: true });
    await symlink(join(root, '.cache'), join(this.path, '.cache'));
  }
}

/** Whether an app is bundled at all. */
async function isProgram(app: string): Promise<boolean> {
  const { scripts } = JSON.parse(await readFile(join(app, 'package.json'), 'utf8')) as { scripts?: { build?: string } };
  return scripts?.build !== undefined;
}

/** Every tracked or new file that is not ignored and is there. */
async function filesOf(root: string): Promise<string[]> {
  const list = (...kinds: string[]) => execa('git', ['ls-files', ...kinds], { cwd: root, lines: true });
  const [known, deleted] = await Promise.all([list('--cached', '--others', '--exclude-standard'), list('--deleted')]);
  const missing = new Set(deleted.stdout);
  return [...new Set(known.stdout)].filter((path) => path !== '' && !missing.has(path));
}
