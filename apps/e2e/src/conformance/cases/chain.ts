/** As a part of others' work: second in a chain, and as the IPAM that an interface plugin calls. */
import { callPlugin } from '../plugin-call.ts';
import { same, holds } from '../expect.ts';
import { resultFlaws, type ResultLists } from '../result-shape.ts';
import { answersFrom, seenInterface } from '../inside-container.ts';
import type { Bench, Container, Verb } from '../bench.ts';
import type { ConformanceCase } from '../case.ts';

const ipamClause = 'CNI 1.1 §4 delegated plugins: IPAM';

/** What an earlier plugin of a chain may have made. */
const earlier: ResultLists = {
  cniVersion: '1.0.0',
  interfaces: [{ name: 'vethx' }, { name: 'lan0', mac: '02:00:00:00:00:01', sandbox: '/run/netns/x' }],
  ips: [{ address: '203.0.113.7/24', gateway: '203.0.113.1', interface: 1 }],
  routes: [{ dst: '203.0.113.0/24' }],
  dns: { nameservers: ['203.0.113.53'] },
};

async function callIpam(verb: Verb, { subject }: Bench, container?: Container, more = {}) {
  return callPlugin({
    plugin: subject.ipam.plugin,
    netnsPath: subject.netnsPath,
    stdin: JSON.stringify({ cniVersion: '1.0.0', ...subject.ipam.config, ...more }),
    variables: {
      CNI_COMMAND: verb,
      CNI_PATH: subject.cniPath,
      ...(container === undefined
        ? {}
        : { CNI_CONTAINERID: container.id, CNI_NETNS: container.netnsPath, CNI_IFNAME: 'eth0' }),
    },
  });
}

/** One of the reference plugins, which lie beside ours, as libcni calls it in a chain; resolves with what it printed. */
async function callBeside(
  bench: Bench,
  { plugin, verb, config }: { plugin: string; verb: Verb; config: object },
  container: Container,
): Promise<string> {
  const { netnsPath, cniPath } = bench.subject;
  const { exitCode, stdout, stderr } = await callPlugin({
    plugin: `${cniPath.split(':').at(-1)}/${plugin}`,
    netnsPath,
    stdin: JSON.stringify(config),
    variables: {
      CNI_COMMAND: verb,
      CNI_CONTAINERID: container.id,
      CNI_NETNS: container.netnsPath,
      CNI_IFNAME: 'eth0',
      CNI_PATH: cniPath,
    },
  });
  if (exitCode !== 0) throw new Error(`${verb} of ${plugin} failed: ${stdout}${stderr}`);
  return stdout;
}

async function allocations({ subject }: Bench, { id }: Container): Promise<number> {
  return (await subject.holdings()).filter((line) => line.startsWith('allocation') && line.includes(id)).length;
}

export const chainCases: ConformanceCase[] = [
  {
    id: 'chain.second',
    title: 'second in a chain it adds its own to prevResult: what was there keeps its place',
    clause: 'CNI 1.1 §2 ADD: prevResult',
    isOursOnly: true,
    run: async (bench) => {
      const result = await bench.add(await bench.container(), { config: { prevResult: earlier } });
      same('flaws', resultFlaws(result, '1.0.0'), []);
      same('interfaces', result.interfaces?.slice(0, 2), earlier.interfaces);
      same('addresses', result.ips?.slice(0, 1), earlier.ips);
      same(
        'interface of our addresses',
        result.ips?.slice(1).map((ip) => ip.interface),
        [2, 2],
      );
      same('first route', result.routes?.[0], earlier.routes?.[0]);
      same('dns', result.dns, earlier.dns);
    },
  },
  {
    id: 'chain.loopback',
    title: 'second in a chain after the reference loopback: ADD and CHECK in order, DEL in reverse order, twice',
    clause: 'CNI 1.1 §3: lists of plugins',
    isOursOnly: true,
    run: async (bench) => {
      const container = await bench.container();
      const { name } = bench.subject.config;
      const loopback = (verb: Verb, prevResult?: object): Promise<string> => {
        const config = {
          cniVersion: '1.0.0',
          name,
          type: 'loopback',
          ...(prevResult === undefined ? {} : { prevResult }),
        };
        return callBeside(bench, { plugin: 'loopback', verb, config }, container);
      };
      const first = JSON.parse(await loopback('ADD')) as ResultLists;
      const result = await bench.add(container, { config: { prevResult: first } });
      same('flaws', resultFlaws(result, '1.0.0'), []);
      same(
        'interfaces',
        result.interfaces?.map((link) => link.name),
        ['lo', 'eth0'],
      );
      const ours = (result.ips ?? []).filter((one) => one.interface === 1);
      same('addresses before ours', (result.ips ?? []).slice(0, -ours.length), first.ips ?? []);
      same(
        'addresses',
        (await seenInterface(container.netnsPath, 'eth0'))?.addresses,
        ours.map((one) => one.address).sort(),
      );
      await loopback('CHECK', result);
      await bench.succeed('CHECK', container, { config: { prevResult: result } });
      await answersFrom(container.netnsPath, ours[0]?.gateway ?? '');
      for (let round = 0; round < 2; round += 1) {
        await bench.succeed('DEL', container, { config: { prevResult: result } });
        await loopback('DEL', result);
      }
    },
  },
  {
    id: 'chain.bad-index',
    title: 'a prevResult with an index out of range is refused before anything is done',
    clause: 'containerd panics on one',
    isOursOnly: true,
    run: async (bench) => {
      const prevResult = { ...earlier, ips: [{ address: '203.0.113.7/24', interface: 2 }] };
      await bench.refuse('ADD', 7, ['ips[0].interface'], [await bench.container(), { config: { prevResult } }]);
    },
  },
  {
    id: 'ipam.add',
    title: 'as a delegated IPAM it gives addresses and no interfaces, and DEL takes them back, twice',
    clause: ipamClause,
    run: async (bench) => {
      const container = await bench.container();
      const { exitCode, stdout } = await callIpam('ADD', bench, container);
      same('exit status', exitCode, 0);
      const result = JSON.parse(stdout) as ResultLists;
      same('flaws', resultFlaws(result, '1.0.0'), []);
      same('interfaces', result.interfaces ?? [], []);
      holds(
        `addresses ${stdout}`,
        (result.ips ?? []).length > 0 && result.ips?.every((ip) => ip.interface === undefined) === true,
      );
      same('allocations', await allocations(bench, container), result.ips?.length);
      for (let round = 0; round < 2; round += 1)
        same('exit status of DEL', (await callIpam('DEL', bench, container)).exitCode, 0);
      same('allocations after DEL', await allocations(bench, container), 0);
    },
  },
  {
    id: 'ipam.check',
    title: 'as a delegated IPAM its CHECK passes while the address is held, and fails afterwards',
    clause: ipamClause,
    run: async (bench) => {
      const container = await bench.container();
      const prevResult = JSON.parse((await callIpam('ADD', bench, container)).stdout) as ResultLists;
      same('exit status', (await callIpam('CHECK', bench, container, { prevResult })).exitCode, 0);
      await callIpam('DEL', bench, container);
      holds('CHECK passes', (await callIpam('CHECK', bench, container, { prevResult })).exitCode !== 0);
    },
  },
  {
    id: 'ipam.gc',
    title: 'as a delegated IPAM its GC frees what is not listed and dead, and keeps what is listed',
    clause: 'CNI 1.1 §4 delegated plugins: GC',
    run: async (bench) => {
      const [listed, dead] = [await bench.container(), await bench.container()];
      for (const container of [listed, dead])
        same('exit status', (await callIpam('ADD', bench, container)).exitCode, 0);
      try {
        await bench.removeNetns(dead.netns);
        const valid = [{ containerID: listed.id, ifname: 'eth0' }];
        const config = { cniVersion: '1.1.0', 'cni.dev/valid-attachments': valid };
        const { exitCode, stdout } = await callIpam('GC', bench, undefined, config);
        same('exit status and stdout', [exitCode, stdout], [0, '']);
        same('allocations of the dead one', await allocations(bench, dead), 0);
        holds('the listed one has nothing any more', (await allocations(bench, listed)) > 0);
      } finally {
        for (const container of [listed, dead]) await callIpam('DEL', bench, container);
      }
    },
  },
  {
    id: 'ipam.status',
    title: 'as a delegated IPAM its STATUS succeeds while addresses can be given',
    clause: 'CNI 1.1 §4 delegated plugins: STATUS',
    run: async (bench) => {
      const { exitCode, stdout } = await callIpam('STATUS', bench, undefined, { cniVersion: '1.1.0' });
      same('exit status and stdout', [exitCode, stdout], [0, '']);
    },
  },
  {
    id: 'ipam.ptp',
    title: "under the reference plugin ptp the container has the address, its gateway answers, and ptp's DEL frees it",
    clause: ipamClause,
    run: async (bench, { ipam }) => {
      const container = await bench.container();
      const call = (verb: Verb) =>
        callBeside(
          bench,
          { plugin: 'ptp', verb, config: { cniVersion: '1.0.0', ...ipam.config, type: 'ptp' } },
          container,
        );
      const added = await call('ADD');
      const { ips = [] } = JSON.parse(added) as ResultLists;
      await answersFrom(container.netnsPath, ips[0]?.gateway ?? '');
      await call('DEL');
      same('allocations after DEL', await allocations(bench, container), 0);
    },
  },
];
