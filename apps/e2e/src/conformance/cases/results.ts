/** The result of ADD: its form in each version, and that it tells what the kernel has. */
import { answersFrom, routesThrough, seenInterface } from '../inside-container.ts';
import { holds, same } from '../expect.ts';
import type { ConformanceCase } from '../case.ts';
import {
  allVersions,
  isFamilies,
  resultFlaws,
  type ResultFamilies,
  type ResultLists,
  type Version,
} from '../result-shape.ts';

/** The form of one version, with the addresses that the kernel has: of both families, or of IPv6 alone. */
const inVersion = (version: Version, setting: 'dual' | 'ipv6'): ConformanceCase => ({
  id: setting === 'dual' ? `results.${version}` : `results.ipv6.${version}`,
  title: `a result in ${version} has exactly the form of that version, with the addresses and default routes of ${setting === 'dual' ? 'both families' : 'IPv6 alone'}`,
  clause: `CNI ${version} Result`,
  setting,
  run: async (bench) => {
    const container = await bench.container();
    const result = await bench.add(container, { config: { cniVersion: version } });
    same('flaws', resultFlaws(result, version), []);
    const { addresses, routes } = contentOf(result, version);
    same('addresses', addresses, (await seenInterface(container.netnsPath, 'eth0'))?.addresses);
    const families = setting === 'dual' ? ['0.0.0.0/0', '::/0'] : ['::/0'];
    same('default routes', routes.filter(isDefault).sort(), families);
    same('families', addresses.map((address) => (address.includes(':') ? '::/0' : '0.0.0.0/0')).sort(), families);
  },
});

const isDefault = (dst: string): boolean => dst === '0.0.0.0/0' || dst === '::/0';

/** The addresses, sorted, and the destinations of a result, whichever form it has. */
function contentOf(result: ResultLists, version: Version): { addresses: string[]; routes: string[] } {
  const { ips = [], routes = [] } = result;
  if (!isFamilies(version)) {
    return { addresses: ips.map(({ address }) => address).sort(), routes: routes.map(({ dst }) => dst) };
  }
  const { ip4, ip6 } = result as unknown as ResultFamilies;
  const parts = [ip4, ip6].filter((part) => part !== undefined);
  return {
    addresses: parts.map(({ ip }) => ip).sort(),
    routes: parts.flatMap((part) => (part.routes ?? []).map(({ dst }) => dst)),
  };
}

export const resultCases: ConformanceCase[] = [
  ...allVersions.map((version) => inVersion(version, 'dual')),
  ...allVersions.map((version) => inVersion(version, 'ipv6')),
  {
    id: 'results.sandbox',
    title: 'sandbox is CNI_NETNS byte for byte, on the one interface of that name',
    clause: 'CNI 1.1 §5 interfaces',
    run: async (bench) => {
      const container = await bench.container();
      const odd = { ...container, netnsPath: `/run//netns/../netns/${container.netns}` };
      const { interfaces = [] } = await bench.add(odd, { ifName: 'net.1' });
      const ours = interfaces.filter(({ sandbox }) => sandbox !== undefined && sandbox !== '');
      same(
        'interfaces in the sandbox',
        ours.map(({ name, sandbox }) => [name, sandbox]),
        [['net.1', odd.netnsPath]],
      );
    },
  },
  {
    id: 'results.mac',
    title: 'the interface has a MAC that parses',
    clause: 'Podman 4.3 fails without',
    run: async (bench) => {
      const { interfaces = [] } = await bench.add(await bench.container());
      const [link] = interfaces.filter(({ sandbox }) => sandbox);
      holds(`mac ${link?.mac}`, /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(link?.mac ?? ''));
    },
  },
  {
    id: 'results.kernel',
    title:
      'addresses and routes of the result are those in the container, and every default route there is in the result',
    clause: 'CNI 1.1 §5 ADD Success',
    run: async (bench) => {
      const container = await bench.container();
      const { ips = [], routes = [], interfaces = [] } = await bench.add(container);
      const at = interfaces.findIndex(({ sandbox }) => sandbox);
      const link = await seenInterface(container.netnsPath, 'eth0');
      same('addresses', link?.addresses, ips.map(({ address }) => address).sort());
      holds('the interface is down', link?.isUp === true);
      same(
        'interface of each address',
        ips.map((ip) => ip.interface),
        ips.map(() => at),
      );
      holds(
        'an address has no gateway',
        ips.every(({ gateway }) => gateway !== undefined),
      );
      const through = await routesThrough(container.netnsPath, 'eth0');
      same('default routes in the container', through.filter(isDefault).sort(), ['0.0.0.0/0', '::/0']);
      const told = routes.map(({ dst }) => dst);
      same('default routes in the result', told.filter(isDefault).sort(), ['0.0.0.0/0', '::/0']);
      same(
        'routes that are not there',
        told.filter((dst) => !through.includes(dst)),
        [],
      );
    },
  },
  {
    id: 'results.mtu',
    title: 'in 1.1.0 the MTU of the result is that in the container',
    clause: 'CNI 1.1 §5 interfaces.mtu',
    run: async (bench) => {
      const container = await bench.container();
      const { interfaces = [] } = await bench.add(container, { config: { cniVersion: '1.1.0' } });
      const told = interfaces.find(({ sandbox }) => sandbox)?.mtu;
      holds('no mtu in the result', told !== undefined);
      same('mtu', told, (await seenInterface(container.netnsPath, 'eth0'))?.mtu);
    },
  },
  {
    id: 'results.gateway',
    title: 'the gateway of each family answers from inside',
    clause: 'CNI 1.1 §5 ips.gateway',
    run: async (bench) => {
      const container = await bench.container();
      const { ips = [] } = await bench.add(container);
      for (const { gateway = '' } of ips) await answersFrom(container.netnsPath, gateway);
    },
  },
  {
    id: 'results.dns.config',
    title: "the configuration's dns is in the result",
    clause: 'CNI 1.1 §1 dns',
    run: async (bench) => {
      const dns = { nameservers: ['192.0.2.53'], domain: 'example.org', search: ['example.org'], options: ['ndots:2'] };
      const result = await bench.add(await bench.container(), { config: { dns } });
      same('dns', result.dns, dns);
    },
  },
  {
    id: 'results.dns.runtime',
    title: 'runtimeConfig.dns, with keys in any case, goes before it',
    clause: 'CNI conventions: dns; go-cni capitalises',
    isOursOnly: true,
    run: async (bench) => {
      const runtimeConfig = { DNS: { Servers: ['192.0.2.54'], Searches: ['a.example'], Options: ['ndots:3'] } };
      const result = await bench.add(await bench.container(), {
        config: { runtimeConfig, dns: { domain: 'b.example' } },
      });
      same('dns', result.dns, { nameservers: ['192.0.2.54'], search: ['a.example'], options: ['ndots:3'] });
    },
  },
  {
    id: 'results.eof',
    title: 'stdout and stderr end when the plugin does: no child holds them',
    clause: 'libcni waits for it',
    run: async (bench) => {
      const container = await bench.container();
      const { exitCode, durationMs } = await bench.call('ADD', container);
      same('exit status', exitCode, 0);
      holds(`it took ${durationMs} ms until both had ended`, durationMs < 10_000);
    },
  },
];
