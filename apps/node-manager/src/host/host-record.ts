/** What the host's switches were before this node first wrote them, to be put back by teardown. */
import { CatalogueError } from '@wgcni/base';
import { Type } from '@sinclair/typebox';
import { join } from 'node:path';
import { readJsonFile, writeJsonFile } from '../json-file.ts';

const Switches = Type.Record(Type.String(), Type.Object({ found: Type.String(), written: Type.String() }));
const HostFile = Type.Object({ schema: Type.Literal(1), switches: Switches });

/** By switch: the value found first and the value written last. */
export type FoundSwitches = Record<string, { found: string; written: string }>;

function hostRecordPath(dataDir: string): string {
  return join(dataDir, 'host.json');
}

/** What was found; empty before anything was written. Throws CatalogueError `config.invalid` when it cannot be read. */
export async function readHostRecord(dataDir: string): Promise<FoundSwitches> {
  const reading = await readJsonFile(hostRecordPath(dataDir), HostFile);
  if (reading.kind === 'read') return reading.value.switches;
  if (reading.kind === 'absent') return {};
  throw new CatalogueError('config.invalid', `the record of the host's switches cannot be read: ${reading.why}`, {
    field: '--data-dir',
    remedy: `restore ${hostRecordPath(dataDir)}, or remove it: teardown then leaves the switches as they are`,
  });
}

/** Records the switches durably. */
export async function writeHostRecord(dataDir: string, switches: FoundSwitches): Promise<void> {
  await writeJsonFile(hostRecordPath(dataDir), { schema: 1, switches });
}
