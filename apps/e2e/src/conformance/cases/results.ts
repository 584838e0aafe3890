/** The result of ADD: its form in each version, and that it tells what the kernel has. */
import { answersFrom, routesThrough, seenInterface } from '../inside-container.ts';
import { holds, same } from '../expect.ts';
import type { ConformanceCase } from '../case.ts';
import { allVersions, resultFlaws, type ResultFamilies, type Version } from '../result-shape.ts';

const inVersion = (version: Version): ConformanceCase => ({
  id: `results.${version}`,
  title: `a result in ${version} has exactly the form of that version`,
  clause: `CNI ${version} Result`,
  run: async (bench) => {
    const result = await bench.add(await bench.container(), { config: { cniVersion: version } });
    same('flaws', resultFlaws(result, version), []);
    const { ip4 } = result as unknown as ResultFamilies;
    holds(`no address in ${JSON.stringify(result)}`, (result.ips ?? []).length > 0 || ip4 !== undefined);
  },
});

export const resultCases: ConformanceCase[] = [
  ...allVersions.map(inVersion),
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
    title: 'addresses, routes and MTU of the result are those in the container',
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
      same(
        'routes that are not there',
        routes.filter(({ dst }) => !through.includes(dst)),
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
      const { durationMs } = await bench.call('ADD', container);
      holds(`it took ${durationMs} ms until both had ended`, durationMs < 10_000);
    },
  },
];
