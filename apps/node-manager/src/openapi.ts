/** Prints the OpenAPI document of the node-manager as YAML; with --check, fails when the committed one differs. */
import { silentLog, systemClock } from '@wgcni/base';
import { readFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { buildApp } from './app.ts';
import type { Attachments } from './attachments/index.ts';

const committed = 'openapi/node-manager.yaml';

/** The document; no route is called for it. */
async function describeNodeManager(): Promise<string> {
  const nobody = (): never => {
    throw new Error('no route is called while the document is made');
  };
  const attachments = {} as Attachments;
  const app = await buildApp({
    version: '1',
    attachments,
    status: nobody,
    judgement: nobody,
    clock: systemClock,
    log: silentLog,
  });
  const text = stringify(app.swagger(), { lineWidth: 0, aliasDuplicateObjects: false });
  await app.close();
  return text;
}

async function main(argv: readonly string[]): Promise<number> {
  const text = await describeNodeManager();
  if (!argv.includes('--check')) {
    process.stdout.write(text);
    return 0;
  }
  if ((await readFile(committed, 'utf8').catch(() => '')) === text) return 0;
  process.stderr.write(`${committed} is not what the schemas say: run "make openapi" and commit it\n`);
  return 1;
}

void main(process.argv.slice(2)).then((status) => (process.exitCode = status));
