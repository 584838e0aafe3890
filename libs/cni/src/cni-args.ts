/** CNI_ARGS: `KEY=value;KEY=value`, the oldest way in which a runtime asks for an address. */
import { CatalogueError } from '@wgcni/base';

export interface CniArgs {
  /** From `IP=`; several may be separated by commas. */
  ips: string[];
}

/** What we know: IP is honoured; MAC is accepted and means nothing on a WireGuard link. */
const knownKeys: readonly string[] = ['IP', 'MAC', 'IgnoreUnknown'];

/**
 * CNI_ARGS, split on ";" and then on the first "="; a trailing ";" is fine.
 * Throws CatalogueError `environment.invalid` for a pair without "=" and, unless IgnoreUnknown is set, for an unknown key.
 */
export function parseCniArgs(text: string): CniArgs {
  const pairs = new Map(text.split(';').filter(isFilled).map(parsePair));
  const isUnknownIgnored = parseIgnoreUnknown(pairs.get('IgnoreUnknown'));
  const unknown = [...pairs.keys()].filter((key) => !knownKeys.includes(key));
  if (unknown.length > 0 && !isUnknownIgnored) {
    throw invalid(`CNI_ARGS has unknown keys: ${unknown.join(', ')}`, 'leave them out or add IgnoreUnknown=1');
  }
  const ips = (pairs.get('IP') ?? '').split(',').map((ip) => ip.trim());
  return { ips: ips.filter(isFilled) };
}

function parsePair(pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at > 0) return [pair.slice(0, at).trim(), pair.slice(at + 1)];
  throw invalid(`CNI_ARGS has "${pair}", which is not KEY=value`, 'write CNI_ARGS as KEY=value;KEY=value');
}

function parseIgnoreUnknown(value: string | undefined): boolean {
  if (value === undefined || /^(0|false)$/i.test(value)) return false;
  if (/^(1|true)$/i.test(value)) return true;
  throw invalid(`CNI_ARGS has IgnoreUnknown="${value}"`, 'set IgnoreUnknown to 1 or 0');
}

function isFilled(text: string): boolean {
  return text.trim() !== '';
}

function invalid(message: string, remedy: string): CatalogueError {
  return new CatalogueError('environment.invalid', message, { field: 'CNI_ARGS', remedy });
}
