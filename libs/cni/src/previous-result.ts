/** The result of an earlier plugin, or of our own ADD, as the runtime hands it back in `prevResult`. */
import { CatalogueError } from '@wgcni/base';
import { parseDns } from './dns.ts';
import { misshapen, optionalList, optionalObject, optionalString, valueOf, type JsonObject } from './json-shape.ts';
import { cniVersionOf } from './network-config.ts';
import { findFlaws } from './result-check.ts';
import type { CniResult, ResultInterface, ResultIp, ResultRoute } from './result.ts';
import { isAtLeast, type CniVersion } from './version.ts';

/**
 * The `prevResult` of a configuration, undefined when there is none; its own `cniVersion` says how to read it, else the
 * configuration's. Throws CatalogueError `config.invalid` naming what is malformed, an index out of range included.
 */
export function parsePreviousResult(document: JsonObject, configVersion: CniVersion): CniResult | undefined {
  const previous = optionalObject(valueOf(document, 'prevResult'), 'prevResult');
  if (previous === undefined) return undefined;
  const version = valueOf(previous, 'cniVersion') === undefined ? configVersion : cniVersionOf(previous);
  const result = isAtLeast(version, '0.3.0') ? parseLists(previous) : parseFamilies(previous);
  const flaws = findFlaws(result);
  if (flaws.length === 0) return result;
  throw new CatalogueError('config.invalid', `prevResult is wrong: ${flaws.join('; ')}`, {
    field: 'prevResult',
    remedy: 'hand back the result of ADD unchanged',
  });
}

/** What CHECK compares. SPEC: CNI 1.1 CHECK: what is in prevResult; what a later plugin took out of it is not missed. */
export interface ListedByResult {
  /** Those of the interface that is checked, with prefix length. */
  addresses: string[];
  /** Destinations, of whichever interface: a result does not say. */
  routes: string[];
}

/** What the previous result lists for the interface `ifName`. Throws CatalogueError `config.invalid` when it has no such interface. */
export function listedBy(result: CniResult, ifName: string, netns: string): ListedByResult {
  const named = result.interfaces.flatMap((link, index) => (link.name === ifName && link.sandbox ? [index] : []));
  const at = named.find((index) => result.interfaces[index]?.sandbox === netns) ?? named[0];
  if (at === undefined) {
    throw new CatalogueError('config.invalid', `prevResult has no interface "${ifName}" in a sandbox`, {
      field: 'prevResult.interfaces',
      remedy: 'hand back the result of ADD unchanged',
    });
  }
  return {
    addresses: result.ips.filter((ip) => ip.interface === at).map((ip) => ip.address),
    routes: [...new Set(result.routes.map(({ dst }) => dst))],
  };
}

function parseLists(previous: JsonObject): CniResult {
  return {
    interfaces: items(previous, 'interfaces').map(parseInterface),
    ips: items(previous, 'ips').map(parseIp),
    routes: items(previous, 'routes').map((route, index) => parseRoute(route, `prevResult.routes[${index}]`)),
    dns: parseDns(valueOf(previous, 'dns'), 'prevResult.dns'),
  };
}

function parseFamilies(previous: JsonObject): CniResult {
  const families = (['ip4', 'ip6'] as const).flatMap((key) => {
    const family = optionalObject(valueOf(previous, key), `prevResult.${key}`);
    return family === undefined ? [] : [{ key, family }];
  });
  return {
    interfaces: [],
    ips: families.map(({ key, family }) => ({
      address: requiredString(family, 'ip', `prevResult.${key}.ip`),
      ...text(family, 'gateway', `prevResult.${key}.gateway`),
    })),
    routes: families.flatMap(({ key, family }) =>
      optionalList(valueOf(family, 'routes'), `prevResult.${key}.routes`).map((route, index) =>
        parseRoute(requiredObject(route, `prevResult.${key}.routes[${index}]`), `prevResult.${key}.routes[${index}]`),
      ),
    ),
    dns: parseDns(valueOf(previous, 'dns'), 'prevResult.dns'),
  };
}

function parseInterface(link: JsonObject, index: number): ResultInterface {
  const field = `prevResult.interfaces[${index}]`;
  return {
    name: requiredString(link, 'name', `${field}.name`),
    ...text(link, 'mac', `${field}.mac`),
    ...number(link, 'mtu', `${field}.mtu`),
    ...text(link, 'sandbox', `${field}.sandbox`),
    ...text(link, 'socketPath', `${field}.socketPath`),
    ...text(link, 'pciID', `${field}.pciID`),
  };
}

function parseIp(ip: JsonObject, index: number): ResultIp {
  const field = `prevResult.ips[${index}]`;
  return {
    address: requiredString(ip, 'address', `${field}.address`),
    ...text(ip, 'gateway', `${field}.gateway`),
    ...number(ip, 'interface', `${field}.interface`),
  };
}

function parseRoute(route: JsonObject, field: string): ResultRoute {
  return {
    dst: requiredString(route, 'dst', `${field}.dst`),
    ...text(route, 'gw', `${field}.gw`),
    ...number(route, 'mtu', `${field}.mtu`),
    ...number(route, 'advmss', `${field}.advmss`),
    ...number(route, 'priority', `${field}.priority`),
    ...number(route, 'table', `${field}.table`),
    ...number(route, 'scope', `${field}.scope`),
  };
}

function items(previous: JsonObject, key: string): JsonObject[] {
  const field = `prevResult.${key}`;
  return optionalList(valueOf(previous, key), field).map((item, index) => requiredObject(item, `${field}[${index}]`));
}

function requiredObject(value: unknown, field: string): JsonObject {
  const object = optionalObject(value ?? undefined, field);
  if (object === undefined) throw misshapen(value, field, 'an object', 'config.invalid');
  return object;
}

function requiredString(object: JsonObject, key: string, field: string): string {
  const value = optionalString(valueOf(object, key), field);
  if (value === undefined)
    throw misshapen(valueOf(object, key), field, 'a string with something in it', 'config.invalid');
  return value;
}

function text<K extends string>(object: JsonObject, key: K, field: string): Partial<Record<K, string>> {
  const value = optionalString(valueOf(object, key), field);
  return value === undefined ? {} : ({ [key]: value } as Record<K, string>);
}

function number<K extends string>(object: JsonObject, key: K, field: string): Partial<Record<K, number>> {
  const value = valueOf(object, key);
  if (value === undefined) return {};
  if (typeof value === 'number' && Number.isInteger(value)) return { [key]: value } as Record<K, number>;
  throw misshapen(value, field, 'a whole number', 'config.invalid');
}
