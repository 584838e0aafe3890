/** Who this node is: its id and the instance, one data directory, recorded at the first start (design §4.10). */
import { CatalogueError, randomId, type Random } from '@wgcni/base';
import { type Static, Type } from '@sinclair/typebox';
import { join } from 'node:path';
import { readJsonFile, writeJsonFile } from '../json-file.ts';

const IdentityFile = Type.Object({
  schema: Type.Literal(1),
  nodeId: Type.String(),
  instance: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  /** The cluster deleted this node: it never registers again by itself. */
  isDeleted: Type.Boolean(),
  /** This instance was registered once. */
  hasRegistered: Type.Optional(Type.Boolean()),
  /** Another instance was registered after this one: it never registers again by itself. */
  isSuperseded: Type.Optional(Type.Boolean()),
});

/** What happened to this instance, that later runs must know. */
export interface Life {
  hasRegistered: boolean;
  isDeleted: boolean;
  isSuperseded: boolean;
}

export interface Identity extends Life {
  nodeId: string;
  instance: string;
}

/** An instance to which nothing has happened yet. */
const newLife: Life = { hasRegistered: false, isDeleted: false, isSuperseded: false };

/** Where the identity is recorded. */
export function identityPath(dataDir: string): string {
  return join(dataDir, 'identity.json');
}

/** The recorded identity, or undefined at a first start. Throws CatalogueError `config.invalid` when the record cannot be read. */
export async function readIdentity(dataDir: string): Promise<Identity | undefined> {
  const reading = await readJsonFile(identityPath(dataDir), IdentityFile);
  if (reading.kind === 'absent') return undefined;
  if (reading.kind === 'read') return identityOf(reading.value);
  throw new CatalogueError('config.invalid', `the recorded identity cannot be read: ${reading.why}`, {
    field: '--data-dir',
    remedy: `restore ${identityPath(dataDir)}, or remove it: the node then registers as a new instance`,
  });
}

/**
 * The identity in `dataDir`, made and recorded when there is none.
 * Throws CatalogueError `config.invalid` when another node id is recorded there.
 */
export async function keepIdentity(dataDir: string, nodeId: string, random: Random): Promise<Identity> {
  const recorded = await readIdentity(dataDir);
  if (recorded !== undefined && recorded.nodeId !== nodeId) throw otherNode(dataDir, recorded.nodeId, nodeId);
  if (recorded !== undefined) return recorded;
  const identity = { nodeId, instance: randomId(random), ...newLife };
  await recordIdentity(dataDir, identity);
  return identity;
}

/** Records the identity durably. */
export async function recordIdentity(dataDir: string, identity: Identity): Promise<void> {
  await writeJsonFile(identityPath(dataDir), { schema: 1, ...identity });
}

/** The error of a data directory that belongs to another node. */
export function otherNode(dataDir: string, recorded: string, said: string): CatalogueError {
  return new CatalogueError(
    'config.invalid',
    `--node-id is "${said}", but ${dataDir} belongs to the node "${recorded}"`,
    {
      field: '--node-id',
      remedy: `start with --node-id ${recorded}, or give this node a --data-dir of its own`,
    },
  );
}

/** A record of an earlier version lacks what it did not know. */
function identityOf({ nodeId, instance, ...life }: Static<typeof IdentityFile>): Identity {
  const { hasRegistered = false, isDeleted, isSuperseded = false } = life;
  return { nodeId, instance, hasRegistered, isDeleted, isSuperseded };
}
