/** PURE: what a node publishes of its containers as the view takes it, and whether it could be worked by. */
import { ContainersRecord, decodeRecord, type StoredKey } from '@wgcni/store';
import { isKeyText } from '@wgcni/wg';
import { isCanonical } from './read-client.ts';
import type { ContainersEntry } from './snapshot.ts';

/** The containers of the node of the key; undefined when the record cannot be read, or holds what the kernel would refuse. */
export function readContainers(item: StoredKey, named: string): ContainersEntry | undefined {
  const decoded = decodeRecord(ContainersRecord, item);
  if (decoded.kind === 'quarantined' || decoded.record.nodeId !== named) return undefined;
  const containers = decoded.record.containers.map(({ publicKey, port, addresses }) => ({
    publicKey,
    port,
    addresses,
  }));
  const texts = containers.flatMap(({ publicKey, addresses }) => [publicKey, ...addresses]);
  const isUsable = containers.every(({ publicKey, addresses }) => isKeyText(publicKey) && addresses.every(isCanonical));
  if (!isUsable || new Set(texts).size < texts.length) return undefined;
  return { nodeId: named, containers, modRevision: item.modRevision };
}
