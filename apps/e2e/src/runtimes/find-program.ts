/** A program that no package of Debian 12 has: named by an environment variable, or found in PATH. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Path of the program `name`, which the variable of the same name in capitals may give. Throws when that names nothing executable. */
export async function findProgram(name: string, env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const variable = name.toUpperCase();
  const named = env[variable] ?? '';
  if (named !== '') {
    if (await isExecutable(named)) return named;
    throw new Error(`${variable}=${named} is not a program that can be executed`);
  }
  for (const dir of (env['PATH'] ?? '').split(delimiter).filter((part) => part !== '')) {
    if (await isExecutable(join(dir, name))) return join(dir, name);
  }
  return undefined;
}

/** What to add to the title of tests that are skipped for want of these programs; empty when all are there. */
export function whyNotRun(programs: Record<string, string | undefined>): string {
  const missing = Object.keys(programs).filter((name) => programs[name] === undefined);
  return missing.length === 0 ? '' : ` (not run: no ${missing.join(', ')} here)`;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
