/** Prints the OpenAPI document of the node-manager as YAML; with --check, fails when the committed one differs. */
import { printOpenapi } from '@wgcni/api/server';
import { silentLog, systemClock } from '@wgcni/base';
import { buildApp } from './app.ts';
import type { Attachments } from './attachments/index.ts';

/** No route is called for the document. */
async function main(argv: readonly string[]): Promise<number> {
  const nobody = (): never => {
    throw new Error('no route is called while the document is made');
  };
  const app = await buildApp({
    version: '1',
    attachments: {} as Attachments,
    status: nobody,
    events: { listSoon: nobody },
    judgement: nobody,
    clock: systemClock,
    log: silentLog,
    entrances: undefined,
  });
  return printOpenapi(app, 'openapi/node-manager.yaml', argv);
}

void main(process.argv.slice(2)).then((status) => (process.exitCode = status));
