/** Sets schemathesis on a server: requests made from its own OpenAPI document, answers judged by it. */
import { execa } from 'execa';
import { join, resolve } from 'node:path';
import type { ApiServer } from './api-server.ts';
import { placeOf, pythonTools } from './tools.ts';

/** What an answer is judged by. */
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'unsupported_method',
];
/** Requests of each kind to each operation, at most. */
const examples = 30;

/** Prints what it prints; its exit status. `seed` decides on the requests. */
export async function runSchemathesis({ name, url }: ApiServer, seed: number): Promise<number> {
  const programs = await pythonTools();
  const bounds = [`--max-examples=${examples}`, '--phases=examples,coverage,fuzzing', '--request-timeout=10'];
  const made = [`--seed=${seed}`, '--generation-database=none', '--mode=all', '--no-color', '--workers=1'];
  process.stdout.write(`${name}, seed ${seed}:\n`);
  const { exitCode } = await execa(
    join(programs, 'schemathesis'),
    [
      '--config-file',
      resolve(`libs/testing/src/api-clients/${name}.toml`),
      'run',
      `${url}/openapi.json`,
      `--checks=${checks.join(',')}`,
      ...bounds,
      ...made,
    ],
    { reject: false, stdio: ['ignore', 'inherit', 'inherit'], cwd: placeOf('python') },
  );
  return exitCode ?? 1;
}
