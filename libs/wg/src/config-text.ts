/** The configuration file format of `wg setconf`: a whole device, private key included. */
import { Secret } from '@wgcni/base';
import type { Peer } from './peer.ts';
import type { DeviceSettings } from './port.ts';

/** The whole file: always key, port and every peer, since a partial one clears what it leaves out. Secret, because the key is in it. */
export function configText(settings: DeviceSettings): Secret {
  const device = ['[Interface]', `PrivateKey = ${settings.privateKey.reveal()}`, `ListenPort = ${settings.listenPort}`];
  return new Secret([...device, ...settings.peers.flatMap(peerLines), ''].join('\n'));
}

function peerLines(peer: Peer): string[] {
  return [
    '',
    '[Peer]',
    `PublicKey = ${peer.publicKey}`,
    ...(peer.endpoint === undefined ? [] : [`Endpoint = ${peer.endpoint}`]),
    ...(peer.allowedIps.length === 0 ? [] : [`AllowedIPs = ${peer.allowedIps.join(', ')}`]),
    ...(peer.keepaliveSec === 0 ? [] : [`PersistentKeepalive = ${peer.keepaliveSec}`]),
  ];
}
