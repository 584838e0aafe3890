/** As a part of others' work: second in a chain, and as the IPAM that an interface plugin calls. */
import { callPlugin } from '../plugin-call.ts';
import { same, holds } from '../expect.ts';
import { resultFlaws, type ResultLists } from '../result-shape.ts';
import { answersFrom } from '../inside-container.ts';
import type { Bench, Container } from '../bench.ts';
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

async function callIpam(verb: 'ADD' | 'DEL' | 'CHECK', { subject }: Bench, container: Container, more = {}) {
  return callPlugin({
    plugin: subject.ipam.plugin,
    netnsPath: subject.netnsPath,
    stdin: JSON.stringify({ cniVersion: '1.0.0', ...subject.ipam.config, ...more }),
    variables: {
      CNI_COMMAND: verb,
      CNI_CONTAINERID: container.id,
      CNI_NETNS: container.netnsPath,
      CNI_IFNAME: 'eth0',
      CNI_PATH: subject.cniPath,
    },
  });
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
    id: 'ipam.ptp',
    title: "under the reference plugin ptp the container has the address, its gateway answers, and ptp's DEL frees it",
    clause: ipamClause,
    run: async (bench, { ipam, cniPath }) => {
      const container = await bench.container();
      const ptp = { ...ipam.config, type: 'ptp' };
      const call = (verb: 'ADD' | 'DEL') =>
        callPlugin({
          plugin: `${cniPath.split(':').at(-1)}/ptp`,
          netnsPath: bench.subject.netnsPath,
          stdin: JSON.stringify({ cniVersion: '1.0.0', ...ptp }),
          variables: {
            CNI_COMMAND: verb,
            CNI_CONTAINERID: container.id,
            CNI_NETNS: container.netnsPath,
            CNI_IFNAME: 'eth0',
            CNI_PATH: cniPath,
          },
        });
      const added = await call('ADD');
      if (added.exitCode !== 0) throw new Error(`ADD failed: ${added.stdout}${added.stderr}`);
      const { ips = [] } = JSON.parse(added.stdout) as ResultLists;
      await answersFrom(container.netnsPath, ips[0]?.gateway ?? '');
      same('exit status of DEL', (await call('DEL')).exitCode, 0);
      same('allocations after DEL', await allocations(bench, container), 0);
    },
  },
];
