/** The archives that the machines are given: of this tree, and of the release before it. */
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { linkPackages } from '@wgcni/testing';
import { execa } from 'execa';

export interface Release {
  /** The archive. */
  path: string;
  version: string;
}

/** What `make release` writes, of the bundles that are there. */
export async function thisRelease(root: string, into: string): Promise<Release> {
  return archive(root, root, into);
}

/**
 * The release before this one: there is none to be had anywhere, so that it is built from the sources of the commit in `deploy/systemd/previous-release`, with
 * the packages of today, and put into the layout of today. Kept for the next run. Throws when the commit is not in this clone.
 */
export async function previousRelease(root: string, into: string): Promise<Release> {
  const commit = (await readFile(join(root, 'deploy/systemd/previous-release'), 'utf8')).trim();
  const tree = join(root, '.cache/previous-release', commit);
  if ((await stat(join(tree, 'built')).catch(() => undefined)) === undefined) await build(root, commit, tree);
  return archive(root, tree, into);
}

async function archive(root: string, built: string, into: string): Promise<Release> {
  const { stdout } = await execa(join(root, 'deploy/make-release.sh'), [built, into]);
  return { path: stdout, version: await versionOf(built) };
}

async function versionOf(tree: string): Promise<string> {
  return (JSON.parse(await readFile(join(tree, 'package.json'), 'utf8')) as { version: string }).version;
}

async function build(root: string, commit: string, tree: string): Promise<void> {
  await rm(tree, { recursive: true, force: true });
  await mkdir(tree, { recursive: true });
  const sources = join(tree, 'sources.tar');
  await execa('git', ['archive', '--output', sources, commit], { cwd: root }).catch((cause: unknown) => {
    const remedy = 'a rolling upgrade needs the whole history: git fetch --unshallow';
    throw new Error(`${commit}, the previous release, is not in this clone: ${remedy}`, { cause });
  });
  await execa('tar', ['--extract', '--file', sources, '--directory', tree]);
  await linkPackages(root, tree);
  // The number did not change between the two: what runs where could not be told apart.
  const manifest = join(tree, 'package.json');
  const text = await readFile(manifest, 'utf8');
  const version = `${await versionOf(tree)}-${commit.slice(0, 7)}`;
  await writeFile(manifest, JSON.stringify({ ...(JSON.parse(text) as object), version }));
  for (const app of ['cluster-manager', 'node-manager', 'cni', 'wgcni'])
    await execa(process.execPath, ['bundle.mjs', app], { cwd: tree });
  await writeFile(join(tree, 'built'), '');
}
