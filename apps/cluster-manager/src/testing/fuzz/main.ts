/** Half of `make fuzz-api`: REQUESTS= in process, WIRE= on the wire, VALUES= of the store, from SEED=, what is answered and how much memory it takes. */
import { FuzzLog } from '@wgcni/testing';
import { fuzz } from './fuzz.ts';

const log = new FuzzLog('cluster-manager', process.env);

async function main(): Promise<number> {
  const { injected, onWire, values, changedKeys } = await fuzz(log.counts, log.seed, (sent) => log.look(sent));
  return log.tell({ injected, onWire, values, left: ['keys that changed', changedKeys] });
}

process.exitCode = await main();
