/** PURE: a client's configuration in the form of wg-quick, without its private key: that is known to the client alone. */
import { formatCidr, parseAddress, cidrOf, widthOf } from '@wgcni/ipam';
import type { ClientRecord } from '@wgcni/store';
import type { ClientPeer } from './client-peers.ts';

/** Seconds. Clients sit behind address translation, which forgets them otherwise; nodes have their own figure. */
const keepaliveSec = 25;

export interface ClientConfig {
  client: Pick<ClientRecord, 'name' | 'addresses'>;
  /** Bytes. */
  mtu: number;
  peers: readonly ClientPeer[];
}

/** The whole file; the same for the same peers, in whatever order they come. */
export function clientConfigText({ client: { name, addresses }, mtu, peers }: ClientConfig): string {
  const sorted = peers.toSorted((one, other) => (one.nodeId < other.nodeId ? -1 : 1));
  const lines = [
    `# ${name}`,
    '[Interface]',
    '# PrivateKey = <known to the client alone>',
    `Address = ${addresses.map(hostText).join(', ')}`,
    `MTU = ${mtu}`,
    ...sorted.flatMap(peerLines),
  ];
  return `${lines.join('\n')}\n`;
}

function peerLines({ nodeId, publicKey, endpoint, allowedIps }: ClientPeer): string[] {
  return [
    ...['', `# ${nodeId}`, '[Peer]', `PublicKey = ${publicKey}`, `Endpoint = ${endpoint}`],
    `AllowedIPs = ${allowedIps.join(', ')}`,
    `PersistentKeepalive = ${keepaliveSec}`,
  ];
}

function hostText(text: string): string {
  const address = parseAddress(text);
  return formatCidr(cidrOf(address, widthOf(address.family)));
}
