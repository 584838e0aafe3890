/** The values of flags: each from its text, with an error that names the flag, the text and how to write it. */
import { ifNamePattern, namePattern } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import { type Address, formatCidr, tryParseAddress, tryParseCidr } from '@wgcni/ipam';
import { formatEndpoint, tryParseEndpoint } from '@wgcni/wg';
import { isAbsolute, normalize } from 'node:path';
import type { PortRange } from './attachments/container-port.ts';

/** sockaddr_un holds 108 bytes with the closing zero. */
const longestSocketPath = 107;

/** An error that names the flag. */
export function refuse(flag: string, message: string, remedy: string): CatalogueError {
  return new CatalogueError('config.invalid', `${flag} ${message}`, { field: flag, remedy });
}

/** A node id or cluster name of at most 63 characters. */
export function parseName(flag: string, text: string): string {
  if (new RegExp(namePattern).test(text) && text.length <= 63) return text;
  throw refuse(
    flag,
    `"${text}" is not a name`,
    'use at most 63 letters, digits, ".", "_" and "-", the first a letter or digit',
  );
}

/** An absolute path. */
export function parsePath(flag: string, text: string): string {
  if (isAbsolute(text) && !text.includes('\0')) return normalize(text);
  throw refuse(flag, `"${text}" is not an absolute path`, 'begin it with "/"');
}

/** An absolute path that a unix socket can have. */
export function parseSocketPath(flag: string, text: string): string {
  const path = parsePath(flag, text);
  if (Buffer.byteLength(path) <= longestSocketPath) return path;
  throw refuse(flag, `"${text}" is longer than a unix socket's path can be`, `use at most ${longestSocketPath} bytes`);
}

/** `http://` or `https://` URLs, comma separated or repeated; without a path. */
export function parseUrls(flag: string, words: readonly string[]): string[] {
  const urls = words.flatMap((word) => word.split(','));
  for (const text of urls) {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url !== undefined && ['http:', 'https:'].includes(url.protocol) && url.pathname === '/' && url.username === '')
      continue;
    throw refuse(
      flag,
      `"${text}" is not a URL of a server`,
      'write it like https://192.0.2.1:7001, several separated by commas',
    );
  }
  return [...new Set(urls.map((text) => new URL(text).origin))];
}

/** Endpoints in canonical text, comma separated or repeated. */
export function parseEndpoints(flag: string, words: readonly string[]): string[] {
  return words
    .flatMap((word) => word.split(','))
    .map((text) => {
      const endpoint = tryParseEndpoint(text);
      if (endpoint !== undefined) return formatEndpoint(endpoint);
      throw refuse(
        flag,
        `"${text}" is not an address and UDP port`,
        'write it like 192.0.2.1:51820 or [2001:db8::1]:51820',
      );
    });
}

/** CIDR blocks in canonical text, comma separated or repeated. */
export function parseBlocks(flag: string, words: readonly string[]): string[] {
  const texts = words.flatMap((word) => word.split(','));
  const blocks = texts.map((text) => {
    const cidr = tryParseCidr(text);
    if (cidr !== undefined) return formatCidr(cidr);
    throw refuse(flag, `"${text}" is not a CIDR block with its host bits zero`, 'write it like 192.168.50.0/24');
  });
  return [...new Set(blocks)];
}

/** Addresses, comma separated or repeated: at most one of each family. */
export function parseEgressSources(flag: string, words: readonly string[]): Address[] {
  const texts = words.flatMap((word) => word.split(','));
  const addresses = texts.map((text) => {
    const address = tryParseAddress(text);
    if (address !== undefined) return address;
    throw refuse(flag, `"${text}" is not an address`, 'write it like 192.0.2.9 or 2001:db8::9');
  });
  const twin = addresses.find(({ family }, index) => addresses.findIndex((one) => one.family === family) !== index);
  if (twin === undefined) return addresses;
  throw refuse(flag, `${texts.join(' and ')} are of one family`, 'name at most one address of each family');
}

export function parseIfName(flag: string, text: string): string {
  if (new RegExp(ifNamePattern).test(text)) return text;
  throw refuse(
    flag,
    `"${text}" is not an interface name`,
    'use at most 15 characters, none of them "/", ":" or a blank',
  );
}

/** A port between 1 and 65535. */
export function parsePort(flag: string, text: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw refuse(flag, `"${text}" is not a port`, 'use a number between 1 and 65535');
}

/** `first-last`, both included. */
export function parsePortRange(flag: string, text: string): PortRange {
  const match = /^([0-9]{1,5})-([0-9]{1,5})$/.exec(text);
  const [first, last] = [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)];
  if (match !== null && first >= 1 && first <= last && last <= 65_535) return { first, last };
  throw refuse(flag, `"${text}" is not a range of ports`, 'write the first and the last, like 61000-65535');
}

/** One of a few words. */
export function parseChoice<const T extends readonly string[]>(flag: string, text: string, choices: T): T[number] {
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw refuse(flag, `"${text}" is none of ${choices.join(', ')}`, `use one of ${choices.join(', ')}`);
}
