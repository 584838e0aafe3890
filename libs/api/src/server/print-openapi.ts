/** Prints the OpenAPI document of a server as YAML; with `--check`, says whether the committed one is the same. */
import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { stringify } from 'yaml';

/** Resolves with the exit status: 1 when `--check` finds a difference. Closes the server. */
export async function printOpenapi(app: FastifyInstance, committed: string, argv: readonly string[]): Promise<number> {
  const text = stringify(app.swagger(), { lineWidth: 0, aliasDuplicateObjects: false });
  await app.close();
  if (!argv.includes('--check')) {
    process.stdout.write(text);
    return 0;
  }
  if ((await readFile(committed, 'utf8').catch(() => '')) === text) return 0;
  process.stderr.write(`${committed} is not what the schemas say: run "make openapi" and commit it\n`);
  return 1;
}
