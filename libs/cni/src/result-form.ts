/** The printed form of a result in each protocol version. */
import { isEmptyDns } from './dns.ts';
import type { JsonObject } from './json-shape.ts';
import { familyOf, type CniResult, type ResultInterface, type ResultIp, type ResultRoute } from './result.ts';
import { isAtLeast, type CniVersion } from './version.ts';

/** The result as exactly the object that `version` defines; what that version has no field for is left out. */
export function formatResult(result: CniResult, version: CniVersion): JsonObject {
  return isAtLeast(version, '0.3.0') ? formatLists(result, version) : formatFamilies(result, version);
}

/** SPEC: CNI 0.3.0–1.1.0 "Result": lists of interfaces, addresses, routes. */
function formatLists(result: CniResult, version: CniVersion): JsonObject {
  const { interfaces, ips, routes, dns } = result;
  return {
    cniVersion: version,
    ...(interfaces.length === 0 ? {} : { interfaces: interfaces.map((link) => formatInterface(link, version)) }),
    ...(ips.length === 0 ? {} : { ips: ips.map((ip) => formatIp(ip, version)) }),
    ...(routes.length === 0 ? {} : { routes: distinct(routes.map((route) => formatRoute(route, version))) }),
    dns: { ...dns },
  };
}

/** Routes that differ in their priority alone are one in a version that has no word for it. */
function distinct(routes: readonly JsonObject[]): JsonObject[] {
  return [...new Map(routes.map((route) => [JSON.stringify(route), route])).values()];
}

/** SPEC: CNI 0.1.0, 0.2.0 "Result": at most one address of each family, and the routes of its family with it. */
function formatFamilies(result: CniResult, version: CniVersion): JsonObject {
  const ip4 = formatFamily(result, 4);
  const ip6 = formatFamily(result, 6);
  return {
    cniVersion: version,
    ...(ip4 === undefined ? {} : { ip4 }),
    ...(ip6 === undefined ? {} : { ip6 }),
    ...(isEmptyDns(result.dns) ? {} : { dns: { ...result.dns } }),
  };
}

function formatFamily(result: CniResult, family: 4 | 6): JsonObject | undefined {
  const ip = result.ips.find(({ address }) => familyOf(address) === family);
  if (ip === undefined) return undefined;
  const routes = result.routes.filter(({ dst }) => familyOf(dst) === family).map(({ dst, gw }) => withGateway(dst, gw));
  return {
    ip: ip.address,
    ...(ip.gateway === undefined ? {} : { gateway: ip.gateway }),
    ...(routes.length === 0 ? {} : { routes }),
  };
}

function formatInterface(link: ResultInterface, version: CniVersion): JsonObject {
  const { name, mac, mtu, sandbox, socketPath, pciID } = link;
  const older = { name, ...(mac === undefined ? {} : { mac }) };
  const place = sandbox === undefined ? {} : { sandbox };
  if (!isAtLeast(version, '1.1.0')) return { ...older, ...place };
  return {
    ...older,
    ...(mtu === undefined ? {} : { mtu }),
    ...place,
    ...(socketPath === undefined ? {} : { socketPath }),
    ...(pciID === undefined ? {} : { pciID }),
  };
}

function formatIp(ip: ResultIp, version: CniVersion): JsonObject {
  return {
    ...(isAtLeast(version, '1.0.0') ? {} : { version: String(familyOf(ip.address)) }),
    ...(ip.interface === undefined ? {} : { interface: ip.interface }),
    address: ip.address,
    ...(ip.gateway === undefined ? {} : { gateway: ip.gateway }),
  };
}

function formatRoute(route: ResultRoute, version: CniVersion): JsonObject {
  return isAtLeast(version, '1.1.0') ? { ...route } : withGateway(route.dst, route.gw);
}

function withGateway(dst: string, gw: string | undefined): JsonObject {
  return { dst, ...(gw === undefined ? {} : { gw }) };
}
