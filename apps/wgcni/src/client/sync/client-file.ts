/** PURE: what a client's configuration says, taken apart: for `wg`, and for its interface. */
import { CatalogueError, Secret } from '@wgcni/base';
import { type Cidr, formatAddress, formatCidr, parseCidr } from '@wgcni/ipam';

export interface FilePeer {
  publicKey: string;
  endpoint: string;
  /** Canonical CIDRs, sorted. */
  allowedIps: string[];
  keepaliveSec: number;
}

export interface ClientFile {
  /** Canonical text without prefix length: each stands for itself alone. */
  addresses: string[];
  /** Bytes. */
  mtu: number;
  peers: FilePeer[];
}

/** What a device keeps over a change: `wg syncconf` clears what a file leaves out. */
export interface Kept {
  /** 0 for one that the kernel chooses. */
  listenPort: number;
  /** `0x…`, or `off`. */
  fwmark: string;
}

/** Takes the text apart. Throws CatalogueError `decode.failed` for one that the cluster-managers of this version do not write. */
export function parseClientFile(text: string): ClientFile {
  const [head = '', ...blocks] = text.split(/^\[Peer\]$/m);
  return {
    addresses: listOf(head, 'Address').map((each) => hostOf(parseCidr(each, 'Address'))),
    mtu: numberOf(head, 'MTU'),
    peers: blocks.map((block) => ({
      publicKey: valueOf(block, 'PublicKey'),
      endpoint: valueOf(block, 'Endpoint'),
      allowedIps: listOf(block, 'AllowedIPs')
        .map((each) => formatCidr(parseCidr(each, 'AllowedIPs')))
        .sort(),
      keepaliveSec: numberOf(block, 'PersistentKeepalive'),
    })),
  };
}

/** A peer as the interface is to hold it. */
export type DevicePeer = Omit<FilePeer, 'endpoint'> & {
  /** Undefined: it stays where WireGuard heard it last. */
  endpoint: string | undefined;
};

/** The whole file for `wg syncconf`, which leaves an endpoint alone that is not named. Only what is named here gets there: nothing that a server says is executed. */
export function deviceText(peers: readonly DevicePeer[], key: Secret, { listenPort, fwmark }: Kept): Secret {
  const device = [
    ...['[Interface]', `PrivateKey = ${key.reveal()}`],
    ...(listenPort === 0 ? [] : [`ListenPort = ${listenPort}`]),
    ...(fwmark === 'off' ? [] : [`FwMark = ${fwmark}`]),
  ];
  const lines = peers.flatMap(({ publicKey, endpoint, allowedIps, keepaliveSec }) => [
    ...['', '[Peer]', `PublicKey = ${publicKey}`, ...(endpoint === undefined ? [] : [`Endpoint = ${endpoint}`])],
    ...[`AllowedIPs = ${allowedIps.join(', ')}`, `PersistentKeepalive = ${keepaliveSec}`],
  ]);
  return new Secret([...device, ...lines, ''].join('\n'));
}

function hostOf({ family, base }: Cidr): string {
  return formatAddress({ family, value: base });
}

function listOf(block: string, name: string): string[] {
  return valueOf(block, name).split(', ');
}

function numberOf(block: string, name: string): number {
  const text = valueOf(block, name);
  if (/^[0-9]{1,5}$/.test(text)) return Number(text);
  throw strange(name);
}

/** One word or a list of words: never a second line. */
function valueOf(block: string, name: string): string {
  const value = new RegExp(`^${name} = ([A-Za-z0-9+/=.:,\\[\\] ]+)$`, 'm').exec(block)?.[1];
  if (value === undefined) throw strange(name);
  return value;
}

function strange(name: string): CatalogueError {
  return new CatalogueError('decode.failed', `the configuration says no ${name} that could be read`, {
    remedy: 'use a wgcni of the version of the cluster-managers',
  });
}
