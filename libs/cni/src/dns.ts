/** DNS settings: nothing here uses them; they pass from the configuration or the runtime into the result. */
import { optionalObject, optionalString, optionalStrings, valueOf, valueOfAnyCase } from './json-shape.ts';
import type { JsonObject } from './json-shape.ts';

/** SPEC: CNI 1.1 §5 "ADD Success", `dns`. */
export interface Dns {
  nameservers?: string[];
  domain?: string;
  search?: string[];
  options?: string[];
}

/** The DNS settings that ADD answers with: `runtimeConfig.dns` when the runtime gives it, else the configuration's `dns`. */
export function dnsOf(document: JsonObject): Dns {
  const runtime = optionalObject(valueOf(document, 'runtimeConfig'), 'runtimeConfig') ?? {};
  const given = optionalObject(valueOfAnyCase(runtime, 'dns'), 'runtimeConfig.dns');
  return given === undefined ? parseDns(valueOf(document, 'dns'), 'dns') : parseRuntimeDns(given);
}

/** A `dns` object, absent meaning an empty one. Throws CatalogueError `config.invalid` naming what is wrong under `field`. */
export function parseDns(value: unknown, field: string): Dns {
  const object = optionalObject(value, field) ?? {};
  const list = (key: string): string[] => optionalStrings(valueOf(object, key), `${field}.${key}`);
  return dnsFrom(
    list('nameservers'),
    optionalString(valueOf(object, 'domain'), `${field}.domain`),
    list('search'),
    list('options'),
  );
}

export function isEmptyDns(dns: Dns): boolean {
  return Object.keys(dns).length === 0;
}

/** SPEC: CNI conventions, capability `dns`: servers, searches, options; keys in any case. */
function parseRuntimeDns(object: JsonObject): Dns {
  const list = (key: string): string[] => optionalStrings(valueOfAnyCase(object, key), `runtimeConfig.dns.${key}`);
  return dnsFrom(list('servers'), undefined, list('searches'), list('options'));
}

function dnsFrom(nameservers: string[], domain: string | undefined, search: string[], options: string[]): Dns {
  return {
    ...(nameservers.length === 0 ? {} : { nameservers }),
    ...(domain === undefined ? {} : { domain }),
    ...(search.length === 0 ? {} : { search }),
    ...(options.length === 0 ? {} : { options }),
  };
}
