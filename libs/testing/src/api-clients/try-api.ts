/** What `make schemathesis` and `make openapi-clients` run of each server: it is started, tried, and stopped. */
import type { ApiServer } from './api-server.ts';
import { runGenerated } from './generated.ts';
import { runSchemathesis } from './schemathesis.ts';
import { NotHere } from './tools.ts';

/** `how` is `schemathesis` or `clients`, and perhaps a seed. The exit status; without Python or a registry it is 0, and the last line says why. */
export async function tryApi([how, seed = '1']: readonly string[], serve: () => Promise<ApiServer>): Promise<number> {
  const server = await serve();
  try {
    return how === 'clients' ? await runGenerated(server) : await runSchemathesis(server, Number(seed));
  } catch (error) {
    if (!(error instanceof NotHere)) throw error;
    process.stdout.write(`not run: ${server.name}: ${error.message}\n`);
    return 0;
  } finally {
    await server.close();
  }
}
