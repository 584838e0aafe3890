/** ADD and DEL that come again, late, or with less than before. */
import { inside } from '../../inside.ts';
import { answersFrom, seenInterface } from '../inside-container.ts';
import { distinct, holds, same } from '../expect.ts';
import type { Bench, Container } from '../bench.ts';
import type { ConformanceCase } from '../case.ts';
import type { ResultLists } from '../result-shape.ts';

const del = 'CNI 1.1 §2 DEL';
const addAgain = 'CNI 1.1 §2 ADD; Nomad retries';

/** How many allocations a container has now. */
async function allocations({ subject }: Bench, before: readonly string[]): Promise<number> {
  return (await subject.holdings()).filter((line) => line.startsWith('allocation') && !before.includes(line)).length;
}

async function checks(bench: Bench, container: Container, prevResult: ResultLists): Promise<void> {
  await bench.succeed('CHECK', container, { config: { prevResult } });
}

const delAfter = (what: string, undo: (bench: Bench, container: Container) => Promise<Container>): ConformanceCase => ({
  id: `repetition.del.${what.replaceAll(' ', '-')}`,
  title: `DEL ${what} succeeds and frees everything`,
  clause: del,
  run: async (bench) => {
    const before = await bench.subject.holdings();
    const container = await bench.container();
    await bench.add(container);
    await bench.succeed('DEL', await undo(bench, container));
    same('allocations', await allocations(bench, before), 0);
  },
});

export const repetitionCases: ConformanceCase[] = [
  {
    id: 'repetition.add.add',
    title: 'a second ADD of what is there is refused, and the first still passes CHECK',
    clause: addAgain,
    run: async (bench) => {
      const container = await bench.container();
      const result = await bench.add(container);
      await bench.refuse('ADD', { ours: 103 }, ['eth0'], [container]);
      await checks(bench, container, result);
    },
  },
  {
    id: 'repetition.add.link-removed',
    title: 'an ADD after the link was removed succeeds, with one allocation of each family',
    clause: addAgain,
    run: async (bench) => {
      const before = await bench.subject.holdings();
      const container = await bench.container();
      const { ips = [] } = await bench.add(container);
      await inside(container.netnsPath, ['ip', 'link', 'delete', 'eth0']);
      const again = await bench.add(container);
      same('allocations', await allocations(bench, before), ips.length);
      await checks(bench, container, again);
    },
  },
  {
    id: 'repetition.add.netns-replaced',
    title:
      'an ADD after the namespace was replaced by another of its name succeeds, with one allocation of each family',
    clause: addAgain,
    run: async (bench) => {
      const before = await bench.subject.holdings();
      const container = await bench.container();
      const { ips = [] } = await bench.add(container);
      await bench.removeNetns(container.netns);
      await bench.makeNetns(container.netns);
      const again = await bench.add(container);
      same('allocations', await allocations(bench, before), ips.length);
      await checks(bench, container, again);
    },
  },
  {
    id: 'repetition.add.after-failure',
    title: 'an ADD after one that failed succeeds',
    clause: addAgain,
    run: async (bench, { range }) => {
      const container = await bench.container();
      const options = { env: { CNI_ARGS: `IgnoreUnknown=1;IP=${range.outside}` } };
      await bench.refuse('ADD', { ours: 102 }, [range.outside], [container, options]);
      await bench.add(container);
    },
  },
  {
    id: 'repetition.del.three',
    title: 'DEL three times succeeds three times',
    clause: del,
    run: async (bench) => {
      const container = await bench.container();
      await bench.add(container);
      for (let round = 0; round < 3; round += 1) await bench.succeed('DEL', container);
      same('interface', await seenInterface(container.netnsPath, 'eth0'), undefined);
    },
  },
  {
    id: 'repetition.del.before-add',
    title: 'DEL before any ADD succeeds',
    clause: del,
    run: async (bench) => void (await bench.succeed('DEL', await bench.container())),
  },
  delAfter('with the namespace gone', async (bench, container) => {
    await bench.removeNetns(container.netns);
    return container;
  }),
  delAfter('with the link gone', async (_, container) => {
    await inside(container.netnsPath, ['ip', 'link', 'delete', 'eth0']);
    return container;
  }),
  {
    id: 'repetition.del.netns-empty',
    title: 'DEL with CNI_NETNS="" and the namespace gone succeeds and frees everything',
    clause: `${del}; runtimes after a reboot`,
    run: async (bench) => {
      const before = await bench.subject.holdings();
      const container = await bench.container();
      await bench.add(container);
      await bench.removeNetns(container.netns);
      await bench.succeed('DEL', container, { env: { CNI_NETNS: '' } });
      same('allocations', await allocations(bench, before), 0);
    },
  },
  {
    id: 'repetition.del.config-changed',
    title: 'DEL after the configuration got other keys and another version, without CNI_ARGS and prevResult, succeeds',
    clause: `${del}: should succeed with what it has`,
    run: async (bench) => {
      const before = await bench.subject.holdings();
      const container = await bench.container();
      await bench.add(container, { env: { CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAME=x' } });
      await bench.succeed('DEL', container, {
        config: { cniVersion: '0.4.0', dns: { domain: 'x.example' }, extra: true },
      });
      same('allocations', await allocations(bench, before), 0);
    },
  },
  {
    id: 'repetition.two-interfaces',
    title: 'a container with two interfaces has two addresses, both pass CHECK, and DEL of one leaves the other',
    clause: 'CNI 1.1 §2: the key has CNI_IFNAME',
    run: async (bench) => {
      const container = await bench.container();
      const one = await bench.add(container, { ifName: 'eth0' });
      const two = await bench.add(container, { ifName: 'eth1' });
      distinct(
        'address',
        [...(one.ips ?? []), ...(two.ips ?? [])].map(({ address }) => address),
      );
      await bench.succeed('CHECK', container, { ifName: 'eth0', config: { prevResult: one } });
      await bench.succeed('CHECK', container, { ifName: 'eth1', config: { prevResult: two } });
      const gateway = one.ips?.[0]?.gateway ?? '';
      await answersFrom(container.netnsPath, gateway);
      await bench.succeed('DEL', container, { ifName: 'eth1' });
      await answersFrom(container.netnsPath, gateway);
      await checks(bench, container, one);
      holds('eth1 is still there', (await seenInterface(container.netnsPath, 'eth1')) === undefined);
    },
  },
];
