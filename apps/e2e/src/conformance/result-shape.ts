/** The result of ADD in each protocol version, as a strict schema: what a version has no field for may not be there. */
import { Type, type TObject, type TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';

export const allVersions = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;
export type Version = (typeof allVersions)[number];

export interface ResultLists {
  cniVersion: string;
  interfaces?: { name: string; mac?: string; mtu?: number; sandbox?: string }[];
  ips?: { version?: string; address: string; gateway?: string; interface?: number }[];
  routes?: { dst: string; gw?: string }[];
  dns?: Record<string, unknown>;
}

export interface ResultFamilies {
  cniVersion: string;
  ip4?: ResultFamily;
  ip6?: ResultFamily;
}

interface ResultFamily {
  ip: string;
  gateway?: string;
  routes?: { dst: string; gw?: string }[];
}

/** Whether a version's result has one entry a family, and no lists. */
export function isFamilies(version: Version): boolean {
  return version === '0.1.0' || version === '0.2.0';
}

const strict = (properties: Record<string, TSchema>): TObject =>
  Type.Object(properties, { additionalProperties: false });
const maybe = Type.Optional;
const Text = Type.String({ minLength: 1 });
const Prefix = Type.String({ pattern: '^[0-9a-fA-F:.]+/[0-9]{1,3}$' });
const Address = Type.String({ pattern: '^[0-9a-fA-F:.]+$' });
const Whole = Type.Integer({ minimum: 0 });
const Strings = Type.Array(Text);
const Dns = strict({
  nameservers: maybe(Strings),
  domain: maybe(Text),
  search: maybe(Strings),
  options: maybe(Strings),
});
const Route = strict({ dst: Prefix, gw: maybe(Address) });

/** SPEC: CNI 0.1.0 and 0.2.0 "Result". */
function familiesOf(version: Version): TObject {
  const Family = strict({ ip: Prefix, gateway: maybe(Address), routes: maybe(Type.Array(Route)) });
  return strict({ cniVersion: Type.Literal(version), ip4: maybe(Family), ip6: maybe(Family), dns: maybe(Dns) });
}

/** SPEC: CNI 0.3.0 to 0.4.0 "Result": each address says its family; from 1.0.0 on it does not; 1.1.0 added mtu and route fields. */
function listsOf(version: Version): TObject {
  const isNewest = version === '1.1.0';
  const Interface = strict({
    name: Text,
    mac: maybe(Type.String({ pattern: '^([0-9a-f]{2}:){5}[0-9a-f]{2}$' })),
    sandbox: maybe(Text),
    ...(isNewest ? { mtu: maybe(Whole), socketPath: maybe(Text), pciID: maybe(Text) } : {}),
  });
  const family = version === '1.0.0' || isNewest ? {} : { version: Type.Union([Type.Literal('4'), Type.Literal('6')]) };
  const Ip = strict({ ...family, interface: maybe(Whole), address: Prefix, gateway: maybe(Address) });
  const more = {
    mtu: maybe(Whole),
    advmss: maybe(Whole),
    priority: maybe(Whole),
    table: maybe(Whole),
    scope: maybe(Whole),
  };
  const AnyRoute = isNewest ? strict({ dst: Prefix, gw: maybe(Address), ...more }) : Route;
  return strict({
    cniVersion: Type.Literal(version),
    interfaces: maybe(Type.Array(Interface)),
    ips: maybe(Type.Array(Ip)),
    routes: maybe(Type.Array(AnyRoute)),
    dns: maybe(Dns),
  });
}

/** Everything that is wrong with a result of that version; empty when it conforms. */
export function resultFlaws(result: unknown, version: Version): string[] {
  const schema = isFamilies(version) ? familiesOf(version) : listsOf(version);
  const flaws = [...Value.Errors(schema, result)].map(({ path, message }) => `${path}: ${message}`);
  if (flaws.length > 0 || isFamilies(version)) return flaws;
  const { interfaces = [], ips = [] } = result as ResultLists;
  return ips.flatMap(({ interface: at }, index) =>
    at === undefined || at < interfaces.length
      ? []
      : [`/ips/${index}/interface: ${at} of ${interfaces.length} interfaces`],
  );
}
