/** Addresses: asked for, refused, used up. */
import { answersFrom, seenInterface } from '../inside-container.ts';
import { holds } from '../expect.ts';
import { inParallel } from '../in-parallel.ts';
import type { Bench, CallOptions } from '../bench.ts';
import type { ConformanceCase } from '../case.ts';
import type { AddressRange } from '../subject.ts';

const wishes = 'CNI conventions: ips; CNI_ARGS IP';
type Way = (ips: string[]) => CallOptions;

const ways: [name: string, way: Way][] = [
  ['runtimeConfig.ips', (ips) => ({ config: { runtimeConfig: { ips } } })],
  ['args.cni.ips', (ips) => ({ config: { args: { cni: { ips } } } })],
  ['CNI_ARGS', (ips) => ({ env: { CNI_ARGS: `IgnoreUnknown=1;IP=${ips.join(',')}` } })],
];

/** An ADD with wishes gets exactly these addresses, as the kernel tells. */
async function isGiven(bench: Bench, options: CallOptions, wanted: readonly string[]): Promise<void> {
  const container = await bench.container();
  await bench.add(container, options);
  const { addresses = [] } = (await seenInterface(container.netnsPath, 'eth0')) ?? {};
  const given = addresses.map((address) => address.replace(/\/.*/, ''));
  const lacking = wanted.filter((address) => !given.includes(address));
  if (lacking.length > 0) throw new Error(`it was given ${given.join(', ')} instead of ${lacking.join(', ')}`);
  await bench.succeed('DEL', container);
}

const refusedWish = (id: string, what: string, choose: (range: AddressRange) => string): ConformanceCase => ({
  id: `pool.ip.${id}`,
  title: `asking for ${what} is refused and names it`,
  clause: `${wishes}; host-local`,
  run: async (bench, { range }) => {
    const options = { env: { CNI_ARGS: `IgnoreUnknown=1;IP=${choose(range)}` } };
    await bench.refuse('ADD', { ours: 102 }, [choose(range)], [await bench.container(), options]);
  },
});

export const poolCases: ConformanceCase[] = [
  ...ways.map(([name, way]): ConformanceCase => ({
    id: `pool.ip.by.${name}`,
    title: `an address asked for by ${name} is given`,
    clause: wishes,
    run: (bench, { range }) => isGiven(bench, way([range.inside]), [range.inside]),
  })),
  ...ways.map(([name, way]): ConformanceCase => ({
    id: `pool.ip.v6.by.${name}`,
    title: `an IPv6 address asked for by ${name} is given`,
    clause: wishes,
    run: (bench, { range: { inside6 = '' } }) => isGiven(bench, way([inside6]), [inside6]),
  })),
  ...ways.map(([name, way]): ConformanceCase => ({
    id: `pool.ip.prefix.by.${name}`,
    title: `an address asked for with its prefix length by ${name} is given`,
    clause: wishes,
    run: (bench, { range: { inside } }) => isGiven(bench, way([`${inside}/24`]), [inside]),
  })),
  {
    id: 'pool.ip.both',
    title: 'one address of each family, with prefix lengths, is given',
    clause: wishes,
    run: (bench, { range: { inside, inside6 = '' } }) =>
      isGiven(bench, { config: { runtimeConfig: { ips: [`${inside}/24`, `${inside6}/64`] } } }, [inside, inside6]),
  },
  {
    id: 'pool.ip.capitalised',
    title: 'runtimeConfig.IPs is understood',
    clause: 'go-cni capitalises keys',
    isOursOnly: true,
    run: (bench, { range }) => isGiven(bench, { config: { runtimeConfig: { IPs: [range.inside] } } }, [range.inside]),
  },
  {
    id: 'pool.ip.precedence',
    title: 'runtimeConfig.ips goes before args.cni.ips, and that before CNI_ARGS',
    clause: wishes,
    isOursOnly: true,
    run: async (bench, { range }) => {
      const [right, wrong] = [[range.inside], [range.outside]];
      const [runtime, config, args] = ways.map(([, way]) => way) as [Way, Way, Way];
      const both = (one: CallOptions, other: CallOptions): CallOptions => ({
        config: { ...one.config, ...other.config },
        env: { ...one.env, ...other.env },
      });
      await isGiven(bench, both(both(runtime(right), config(wrong)), args(wrong)), right);
      await isGiven(bench, both(runtime(right), args(wrong)), right);
      await isGiven(bench, both(config(right), args(wrong)), right);
    },
  },
  {
    id: 'pool.ip.taken',
    title: 'asking for an address that another container has is refused and names it',
    clause: `${wishes}; host-local`,
    run: async (bench, { range }) => {
      const options = { env: { CNI_ARGS: `IgnoreUnknown=1;IP=${range.inside}` } };
      await bench.add(await bench.container(), options);
      await bench.refuse('ADD', { ours: 102 }, [range.inside], [await bench.container(), options]);
    },
  },
  refusedWish('outside', 'an address of another subnet', ({ outside }) => outside),
  refusedWish('gateway', "the gateway's address", ({ gateway }) => gateway),
  {
    id: 'pool.args.malformed',
    title: 'CNI_ARGS with a pair without "=" is refused',
    clause: 'CNI 1.1 §2 CNI_ARGS, code 4',
    run: async (bench) => {
      await bench.refuse('ADD', { ours: 4 }, ['IP'], [await bench.container(), { env: { CNI_ARGS: 'IP' } }]);
    },
  },
  {
    id: 'pool.args.unknown',
    title: 'CNI_ARGS with an unknown key is refused unless IgnoreUnknown is set; values may hold "=", a ";" may end it',
    clause: 'skel CNI_ARGS',
    run: async (bench) => {
      const env = { CNI_ARGS: 'K8S_POD_NAME=a=b;' };
      await bench.refuse('ADD', { ours: 4 }, ['K8S_POD_NAME'], [await bench.container(), { env }]);
      await bench.add(await bench.container(), { env: { CNI_ARGS: `IgnoreUnknown=1;${env.CNI_ARGS}` } });
    },
  },
  {
    id: 'pool.args.mac',
    title: 'a MAC that a runtime feeds back is accepted',
    clause: 'Podman network reload',
    run: async (bench) => {
      const runtimeConfig = { mac: '00:00:00:00:00:00', aliases: { mesh: ['a'] } };
      await bench.add(await bench.container(), {
        config: bench.subject.isOurs ? { runtimeConfig } : {},
        env: { CNI_ARGS: 'IgnoreUnknown=1;MAC=92:79:27:01:7c:0f' },
      });
    },
  },
  {
    id: 'pool.exhausted',
    title: 'with every address taken ADD fails within a second, and succeeds after one DEL',
    clause: 'ours: code 101',
    setting: 'tiny',
    run: async (bench) => {
      const last = await bench.container();
      // Of eight addresses one is the network's, one the gateway's, one the broadcast's.
      const containers = await Promise.all(Array.from({ length: 5 }, () => bench.container()));
      await inParallel(5, containers, (container) => bench.add(container));
      const { durationMs } = await bench.refuse('ADD', { ours: 101 }, ['address', '/29'], [last]);
      holds(`it took ${durationMs} ms`, durationMs < 1_000);
      // As libcni does after an ADD that failed.
      await bench.succeed('DEL', last);
      await bench.succeed('DEL', containers[0]);
      await bench.add(last);
    },
  },
  {
    id: 'pool.exhausted.status',
    title: 'with every address taken STATUS succeeds with a warning, and says 50 with strictStatus',
    clause: 'CNI 1.1 §2 STATUS; strictStatus is ours',
    setting: 'tiny',
    isOursOnly: true,
    run: async (bench) => {
      const config = { cniVersion: '1.1.0' };
      for (let index = 0; index < 5; index += 1) await bench.add(await bench.container());
      const { stderr } = await bench.succeed('STATUS', undefined, { config });
      holds(`no warning: ${stderr}`, stderr.includes('no IPv4 address is free'));
      await bench.refuse('STATUS', 50, ['IPv4'], [undefined, { config: { ...config, strictStatus: true } }]);
    },
  },
  {
    id: 'pool.ipv6',
    title: 'without IPv4 a container has IPv6 alone, and its gateway answers',
    clause: 'CNI 1.1 §5 ips',
    setting: 'ipv6',
    run: async (bench) => {
      const container = await bench.container();
      const { ips = [] } = await bench.add(container);
      holds(`addresses ${JSON.stringify(ips)}`, ips.length === 1 && ips[0]?.address.includes(':') === true);
      await answersFrom(container.netnsPath, ips[0]?.gateway ?? '');
    },
  },
];
