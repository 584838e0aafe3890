/** The output of `wg show <device> dump`: one line for the device, one for each peer, tab-separated. */
import { CatalogueError, Secret } from '@wgcni/base';
import { parsePublicKey, type PublicKey } from './key.ts';
import type { ObservedPeer } from './port.ts';

export interface DeviceDump {
  /** Absent until configured. */
  privateKey: Secret | undefined;
  publicKey: PublicKey | undefined;
  listenPort: number;
  peers: ObservedPeer[];
}

const none = '(none)';

/** Parses a dump. Throws CatalogueError `decode.failed` for another shape, without quoting it: the first field is the private key. */
export function parseDump(text: string): DeviceDump {
  const [device, ...peers] = text.split('\n').filter((line) => line !== '');
  const [privateKey, publicKey, listenPort] = fieldsOf(device, 4);
  return {
    privateKey: privateKey === none ? undefined : new Secret(privateKey),
    publicKey: publicKey === none ? undefined : parsePublicKey(publicKey),
    listenPort: numberOf(listenPort),
    peers: peers.map(parsePeer),
  };
}

function parsePeer(line: string): ObservedPeer {
  const [publicKey, , endpoint, allowedIps, latestHandshakeAt, received, sent, keepalive] = fieldsOf(line, 8);
  return {
    publicKey: parsePublicKey(publicKey),
    endpoint: endpoint === none ? undefined : endpoint,
    allowedIps: allowedIps === none ? [] : allowedIps.split(',').sort(),
    keepaliveSec: keepalive === 'off' ? 0 : numberOf(keepalive),
    latestHandshakeAt: numberOf(latestHandshakeAt),
    receivedBytes: numberOf(received),
    sentBytes: numberOf(sent),
  };
}

type Fields = [string, string, string, string, string, string, string, string];

function fieldsOf(line: string | undefined, count: number): Fields {
  const fields = line?.split('\t') ?? [];
  if (fields.length !== count || fields.includes(''))
    throw malformed(`a line has ${fields.length} fields, not ${count}`);
  return fields as Fields;
}

function numberOf(text: string): number {
  if (!/^[0-9]+$/.test(text)) throw malformed('a number was expected');
  return Number(text);
}

function malformed(why: string): CatalogueError {
  return new CatalogueError('decode.failed', `the dump of a WireGuard device could not be read: ${why}`, {
    remedy: 'install wireguard-tools 1.0.20210914 or later',
  });
}
