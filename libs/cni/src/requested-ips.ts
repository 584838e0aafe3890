/** Which addresses a runtime asks for, of the three places where it may say so. */
import { CatalogueError } from '@wgcni/base';
import { parseCniArgs } from './cni-args.ts';
import { optionalObject, optionalStrings, valueOf, valueOfAnyCase, type JsonObject } from './json-shape.ts';

const maxRequested = 16;

/**
 * The requested addresses, with or without a prefix length: `runtimeConfig.ips`, else `args.cni.ips`, else `IP=` of CNI_ARGS;
 * empty when nobody asks. Throws CatalogueError `config.invalid` or `environment.invalid` naming the place and the text.
 * Whether an address is well formed beyond its letters, in range and free is the node-manager's to say.
 */
export function requestedIps(document: JsonObject, cniArgs: string): string[] {
  const fromArgs = parseCniArgs(cniArgs).ips;
  const runtime = optionalObject(valueOf(document, 'runtimeConfig'), 'runtimeConfig') ?? {};
  const fromRuntime = optionalStrings(valueOfAnyCase(runtime, 'ips'), 'runtimeConfig.ips');
  if (fromRuntime.length > 0) return checked(fromRuntime, 'runtimeConfig.ips');
  const args = optionalObject(valueOf(document, 'args'), 'args') ?? {};
  const cni = optionalObject(valueOf(args, 'cni'), 'args.cni') ?? {};
  const fromConfig = optionalStrings(valueOf(cni, 'ips'), 'args.cni.ips');
  if (fromConfig.length > 0) return checked(fromConfig, 'args.cni.ips');
  return checked(fromArgs, 'CNI_ARGS IP');
}

function checked(ips: string[], field: string): string[] {
  const code = field.startsWith('CNI_ARGS') ? 'environment.invalid' : 'config.invalid';
  if (ips.length > maxRequested) {
    throw new CatalogueError(code, `${field} asks for ${ips.length} addresses`, {
      field,
      remedy: `ask for at most ${maxRequested}`,
    });
  }
  const bad = ips.find((ip) => !/^[0-9a-fA-F:.]{2,39}(\/[0-9]{1,3})?$/.test(ip));
  if (bad === undefined) return ips;
  throw new CatalogueError(code, `${field} asks for "${bad}", which is not an IP address`, {
    field,
    remedy: 'write it like 10.64.0.9 or fd64::9',
  });
}
