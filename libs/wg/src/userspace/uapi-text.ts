/** The lines of WireGuard's cross-platform configuration protocol (wireguard.com/xplatform). Pure. */
import { CatalogueError, Secret } from '@wgcni/base';
import type { DeviceDump } from '../dump.ts';
import { checkEndpoint } from '../endpoint.ts';
import { isKeyText, parsePublicKey, type PublicKey } from '../key.ts';
import { systemKeys } from '../key-generator.ts';
import type { Peer, PeerChange } from '../peer.ts';
import type { DeviceSettings, ObservedPeer } from '../port.ts';

/** Asks for everything the device holds. */
export const getText = 'get=1\n\n';

/** Replaces key, port and every peer. Secret, because the key is in it. Throws CatalogueError `request.invalid`, `decode.failed`. */
export function setAllText({ privateKey, listenPort, peers }: DeviceSettings): Secret {
  if (!isKeyText(privateKey.reveal())) throw malformedKey();
  const device = ['set=1', `private_key=${hexOf(privateKey.reveal())}`, `listen_port=${listenPort}`, 'fwmark=0'];
  return new Secret([...device, 'replace_peers=true', ...peers.flatMap(peerLines), '', ''].join('\n'));
}

/** Changes in order; a peer that is not named is not touched. Throws CatalogueError `request.invalid`. */
export function setSomeText(changes: readonly PeerChange[]): string {
  return ['set=1', ...changes.flatMap(changeLines), '', ''].join('\n');
}

function changeLines(change: PeerChange): string[] {
  if (change.kind === 'remove') return [`public_key=${hexOf(change.publicKey)}`, 'remove=true'];
  return peerLines(change.kind === 'add' ? change.peer : change);
}

/** A list of allowed IPs replaces the peer's; what is not said stays. */
function peerLines({
  publicKey,
  endpoint,
  allowedIps,
  keepaliveSec,
}: Pick<Peer, 'publicKey'> & Partial<Omit<Peer, 'publicKey'>>): string[] {
  if (endpoint !== undefined) checkEndpoint(endpoint);
  return [
    `public_key=${hexOf(publicKey)}`,
    ...(endpoint === undefined ? [] : [`endpoint=${endpoint}`]),
    ...(keepaliveSec === undefined ? [] : [`persistent_keepalive_interval=${keepaliveSec}`]),
    ...(allowedIps === undefined
      ? []
      : ['replace_allowed_ips=true', ...allowedIps.map((cidr) => `allowed_ip=${cidr}`)]),
  ];
}

/** The `errno` of an answer, 0 for success. Throws CatalogueError `decode.failed` when there is none. */
export function errnoOf(answer: string): number {
  const errno = /(?:^|\n)errno=(-?[0-9]+)\n\n$/.exec(answer)?.[1];
  if (errno === undefined) throw malformed('it does not end with an errno');
  return Math.abs(Number(errno));
}

/** What a device said to `get=1`. Throws CatalogueError `decode.failed` for another shape, without quoting it: the private key is in it. */
export function parseGet(answer: string): DeviceDump {
  const device = { privateKey: undefined as Secret | undefined, listenPort: 0 };
  const peers: ObservedPeer[] = [];
  for (const line of answer.split('\n')) {
    const at = line.indexOf('=');
    const [key, value] = [line.slice(0, at), line.slice(at + 1)];
    if (key === 'public_key') peers.push(newPeer(keyFrom(value)));
    else if (key === 'private_key') device.privateKey = /^0*$/.test(value) ? undefined : new Secret(base64Of(value));
    else if (key === 'listen_port') device.listenPort = numberOf(value);
    else peers.push(...readPeerLine(peers.pop(), key, value));
  }
  const { privateKey, listenPort } = device;
  return {
    ...{ privateKey, publicKey: privateKey === undefined ? undefined : systemKeys.publicKeyOf(privateKey), listenPort },
    peers: peers.map((peer) => ({ ...peer, allowedIps: peer.allowedIps.toSorted() })),
  };
}

function newPeer(publicKey: PublicKey): ObservedPeer {
  const none = { endpoint: undefined, allowedIps: [], keepaliveSec: 0 };
  return { publicKey, ...none, latestHandshakeAt: 0, receivedBytes: 0, sentBytes: 0 };
}

/** The peer as one more line makes it; keys that we have no use for are passed over, also those of a later version of the protocol. */
function readPeerLine(peer: ObservedPeer | undefined, key: string, value: string): ObservedPeer[] {
  if (peer === undefined) return [];
  if (key === 'endpoint') peer.endpoint = value;
  else if (key === 'allowed_ip') (peer.allowedIps as string[]).push(value);
  else if (key === 'persistent_keepalive_interval') peer.keepaliveSec = numberOf(value);
  else if (key === 'last_handshake_time_sec') peer.latestHandshakeAt = numberOf(value);
  else if (key === 'rx_bytes') peer.receivedBytes = numberOf(value);
  else if (key === 'tx_bytes') peer.sentBytes = numberOf(value);
  return [peer];
}

function hexOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex');
}

function base64Of(hex: string): string {
  if (!/^[0-9a-f]{64}$/.test(hex)) throw malformed('a key is not 32 bytes in hex');
  return Buffer.from(hex, 'hex').toString('base64');
}

function keyFrom(hex: string): PublicKey {
  return parsePublicKey(base64Of(hex));
}

function numberOf(text: string): number {
  if (!/^[0-9]+$/.test(text)) throw malformed('a number was expected');
  return Number(text);
}

function malformed(why: string): CatalogueError {
  return new CatalogueError('decode.failed', `the answer of a WireGuard process could not be read: ${why}`, {
    remedy: 'install wireguard-go 0.0.20210212 or later',
  });
}

function malformedKey(): CatalogueError {
  return new CatalogueError('decode.failed', 'the private key for a device is not 32 bytes in base64', {
    field: 'privateKey',
    remedy: 'replace the key file with one that `wg genkey` makes, or delete it to have a new key made',
  });
}
