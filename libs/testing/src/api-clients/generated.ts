/** Clients generated from an OpenAPI document in two languages, each used by a small program on a server that runs. */
import { execa } from 'execa';
import { copyFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ApiServer } from './api-server.ts';
import { placeOf, pythonTools, typescriptTools } from './tools.ts';

/** Prints a line for each language; the exit status. */
export async function runGenerated(server: ApiServer): Promise<number> {
  await runTypescript(server);
  await runPython(server);
  return 0;
}

/** Types by openapi-typescript, calls by openapi-fetch; the program must pass the compiler before it runs. */
async function runTypescript({ name, url }: ApiServer): Promise<void> {
  const place = await typescriptTools();
  const [document, types, program] = [
    `openapi/${name}.yaml`,
    join(place, `${name}-api.d.ts`),
    join(place, `${name}.mts`),
  ];
  await execa(join(place, 'node_modules/.bin/openapi-typescript'), [document, '--output', types]);
  await copyFile(`openapi/clients/${name}.mts`, program);
  const strict = ['--strict', '--noEmit', '--skipLibCheck', '--allowImportingTsExtensions'];
  const modern = [
    '--target',
    'es2022',
    '--module',
    'nodenext',
    '--types',
    'node',
    '--typeRoots',
    resolve('node_modules/@types'),
  ];
  await execa('node_modules/.bin/tsc', [...strict, ...modern, program], { stdio: ['ignore', 'inherit', 'inherit'] });
  await execa('node_modules/.bin/tsx', [program, url], { stdio: ['ignore', 'inherit', 'inherit'] });
}

/** A package by openapi-python-client; a warning of the generator is a failure: it leaves out what it does not understand. */
async function runPython({ name, url }: ApiServer): Promise<void> {
  const programs = await pythonTools();
  const generated = join(placeOf('python-clients'), `${name.replace('-', '_')}_client`);
  await rm(generated, { recursive: true, force: true });
  const checked = ['--config', 'openapi/clients/python.yaml', '--fail-on-warning'];
  const argv = ['generate', '--path', `openapi/${name}.yaml`, '--output-path', generated, '--meta', 'none', ...checked];
  await execa(join(programs, 'openapi-python-client'), argv, { stdio: ['ignore', 'inherit', 'inherit'] });
  await execa(join(programs, 'python'), [`openapi/clients/${name}.py`, url], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { PYTHONPATH: placeOf('python-clients') },
  });
}
