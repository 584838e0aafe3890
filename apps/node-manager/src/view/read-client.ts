/** PURE: a client's record as the view takes it, and whether it could be worked by. */
import { containsAddress, formatAddress, tryParseAddress, tryParseCidr } from '@wgcni/ipam';
import { ClientRecord, decodeRecord, type StoredKey } from '@wgcni/store';
import { isKeyText } from '@wgcni/wg';
import type { NetworkPlan } from './cluster-view.ts';
import type { ClientEntry } from './snapshot.ts';

/** The client under the name of its key; undefined when its record cannot be read, or holds what the kernel would refuse. */
export function readClient(item: StoredKey, named: string): ClientEntry | undefined {
  const decoded = decodeRecord(ClientRecord, item);
  if (decoded.kind === 'quarantined') return undefined;
  const { name, publicKey, addresses, via, reachable } = decoded.record;
  if (name !== named || !isKeyText(publicKey) || !addresses.every(isCanonical)) return undefined;
  return { name, publicKey, addresses, via, reachable, modRevision: item.modRevision };
}

/** Whether all its addresses are of client pools: any other is a container's, a node's or a stranger's, and would lead its packets astray. */
export function isOfClientPools({ addresses }: ClientEntry, network: NetworkPlan | undefined): boolean {
  const pools = (network?.clientPools ?? []).flatMap((text) => tryParseCidr(text) ?? []);
  return addresses.every((text) => {
    const address = tryParseAddress(text);
    return address !== undefined && pools.some((pool) => containsAddress(pool, address));
  });
}

/** Whether it is without a prefix length, and in the one text that the address has. */
export function isCanonical(text: string): boolean {
  const address = tryParseAddress(text);
  return address !== undefined && formatAddress(address) === text;
}
