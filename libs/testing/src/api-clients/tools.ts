/** Installs what comes from PyPI and npm and is no dependency of ours, into folders of .cache. */
import { execa } from 'execa';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const folder = resolve('.cache/api-clients');
/** How long a registry may take, in milliseconds. */
const installMs = 300_000;

/** Versions are exact: a newer one may find, or generate, something else. */
const versions = {
  schemathesis: '4.32.5',
  'openapi-python-client': '0.29.1',
  'openapi-typescript': '7.13.0',
  'openapi-fetch': '0.17.0',
} as const;

/** Told instead of a failure: without a registry or Python there is nothing to try with. */
export class NotHere extends Error {}

/** Where things are made; nothing of it is committed. */
export function placeOf(name: string): string {
  return join(folder, name);
}

/** The folder of the programs of a virtual environment that has the packages of Python. Throws NotHere. */
export async function pythonTools(): Promise<string> {
  const environment = placeOf('python');
  const programs = join(environment, 'bin');
  const wanted = (['schemathesis', 'openapi-python-client'] as const).map((name) => `${name}==${versions[name]}`);
  const isMade = await access(join(programs, 'pip')).then(
    () => true,
    () => false,
  );
  if (!isMade) await install('python3', ['-m', 'venv', environment]);
  await install(join(programs, 'pip'), ['install', '--quiet', '--disable-pip-version-check', ...wanted]);
  return programs;
}

/** A folder whose node_modules has the generator and the client that its types are for. Throws NotHere. */
export async function typescriptTools(): Promise<string> {
  const place = placeOf('typescript');
  await mkdir(place, { recursive: true });
  // Without one, npm takes the folder for a part of this repository.
  await writeFile(join(place, 'package.json'), '{ "private": true }\n');
  const wanted = (['openapi-typescript', 'openapi-fetch'] as const).map((name) => `${name}@${versions[name]}`);
  const quiet = ['--no-audit', '--no-fund', '--no-save', '--no-package-lock', '--prefer-offline'];
  await install('npm', ['install', '--prefix', place, ...quiet, ...wanted]);
  return place;
}

async function install(program: string, argv: readonly string[]): Promise<void> {
  const { failed, shortMessage, stderr } = await execa(program, argv, { reject: false, timeout: installMs });
  if (failed) throw new NotHere(`${shortMessage ?? program}: ${stderr.trim().split('\n').at(-1) ?? ''}`);
}
