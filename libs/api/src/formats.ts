/** The value forms that several messages share; patterns keep the first line of bad input out, domain parsing does the rest. */
import { Type } from '@sinclair/typebox';

/** A name that a person or a runtime chose: node id, network name, container id, cluster. */
export const namePattern = '^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,252}$';
/** Linux: at most 15 bytes, no '/', ':' or white space, not '.' or '..'; nor what the kernel or a batch of `ip` takes for its own sign. */
export const ifNamePattern = '^(?!\\.{1,2}$|-)[^/:\\s%#"\'`\\\\\\x00-\\x1f]{1,15}$';

export const Name = Type.String({
  pattern: namePattern,
  description: 'letters, digits, ".", "_" and "-", beginning with a letter or digit',
});
export const NodeIdText = Type.String({
  pattern: '^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$',
  description: 'node id, by default the host name',
  examples: ['node-1'],
});
export const ClientNameText = Type.String({
  pattern: '^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$',
  description: 'name of a client',
  examples: ['laptop'],
});
export const IfName = Type.String({
  pattern: ifNamePattern,
  description: 'interface name, at most 15 characters',
  examples: ['eth0'],
});
export const AttemptText = Type.String({
  pattern: '^[a-zA-Z0-9-]{1,64}$',
  description: 'what the caller calls its ADD, unique among all of one attachment',
});
export const PublicKeyText = Type.String({
  pattern: '^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$',
  description: 'WireGuard public key: 32 bytes in base64',
  examples: ['xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg='],
});
export const CidrText = Type.String({
  maxLength: 43,
  description: 'CIDR block in canonical text',
  examples: ['10.64.3.0/24', 'fd64:0:0:3::/64'],
});
export const AddressText = Type.String({
  maxLength: 39,
  description: 'IP address',
  examples: ['10.64.3.2', 'fd64:0:0:3::2'],
});
export const EndpointText = Type.String({
  pattern: '^(\\[[0-9a-fA-F:]+\\]|[0-9.]+):[0-9]{1,5}$',
  description: 'UDP address:port, IPv6 in brackets',
  examples: ['192.0.2.7:51820', '[2001:db8::7]:51820'],
});
export const IdText = Type.String({ pattern: '^[0-9a-f]{32}$', description: 'random 128-bit id in hexadecimal' });
export const InstantText = Type.String({
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{3})?Z$',
  description: 'instant in UTC, for people',
  examples: ['2026-01-01T00:00:00Z'],
});
/** A message for people that a program sends. FENCE: nothing of the form of a key has a place in it. What a terminal would obey is taken out where it is kept and shown (`oneLine`): earlier versions send several lines. */
export const KeylessText = Type.String({
  pattern: '^(?![\\s\\S]*[A-Za-z0-9+/]{43}=)[\\s\\S]{1,300}$',
  description: 'a message for people, without anything of the form of a key',
});
/** SHA-256. */
export const DigestText = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 in hexadecimal' });
/** PEM between lines of dashes: public by its label. */
const pem = (label: string, repeated: string): string =>
  `^(-----BEGIN ${label}-----\\r?\\n[A-Za-z0-9+/=\\r\\n]{1,4096}-----END ${label}-----\\r?\\n?)${repeated}$`;
export const CertificateRequestText = Type.String({
  pattern: pem('CERTIFICATE REQUEST', ''),
  maxLength: 4_200,
  description: 'certificate request (PKCS #10) as PEM',
});
export const CertificatesText = Type.String({
  pattern: pem('CERTIFICATE', '{1,16}'),
  description: 'certificates as PEM, each after the one that it has issued',
});
export const Revision = Type.Integer({ minimum: 0, description: 'revision of the store' });

/** A literal union that OpenAPI shows as one enum. Where no server checks it, it is any text. */
export function OneOf<const T extends readonly string[]>(values: T, description: string) {
  return Type.Unsafe<T[number]>(Type.String({ enum: [...values], description }));
}
