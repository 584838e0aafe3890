/** CHECK: passes right after ADD and after what later plugins may change, and names whatever else is not as ADD left it. */
import { inside } from '../../inside.ts';
import { inParallel } from '../in-parallel.ts';
import { seenInterface } from '../inside-container.ts';
import type { Bench, Container } from '../bench.ts';
import type { ConformanceCase } from '../case.ts';
import type { ResultLists } from '../result-shape.ts';

const clause = 'CNI 1.1 §2 CHECK';
const checkRounds = 100;
const checkWorkers = 4;

interface Broken extends Pick<ConformanceCase, 'needs' | 'isOursOnly'> {
  id: string;
  what: string;
  names: string[];
  damage(container: Container, result: ResultLists, bench: Bench): Promise<unknown>;
  /** A node may have mended it before CHECK came. */
  isRepaired?(container: Container): Promise<boolean>;
}

/** Code 107 is ours: the specification has none for it. */
const broken = ({ id, what, names, damage, isRepaired = async () => false, ...rest }: Broken): ConformanceCase => ({
  id: `check.broken.${id}`,
  title: `CHECK fails and says so when ${what}`,
  clause,
  ...rest,
  run: async (bench) => {
    const container = await bench.container();
    const prevResult = await bench.add(container);
    await damage(container, prevResult, bench);
    const answer = await bench.call('CHECK', container, { config: { prevResult } });
    if (answer.exitCode === 0 && (await isRepaired(container))) return;
    bench.errorOf(answer, { ours: 107 }, names);
  },
});

const ip = (container: Container, ...argv: string[]): Promise<unknown> => inside(container.netnsPath, ['ip', ...argv]);
const addressOf = ({ ips = [] }: ResultLists, family: 4 | 6): string =>
  ips.find(({ address }) => address.includes(':') === (family === 6))?.address ?? '';

export const checkCases: ConformanceCase[] = [
  {
    id: 'check.after-add',
    title: `CHECK right after ADD passes, in each of ${checkRounds} lives of ${checkWorkers} containers`,
    clause: `${clause}; CRI-O`,
    run: async (bench) => {
      const containers = await Promise.all(Array.from({ length: checkWorkers }, () => bench.container()));
      await inParallel(checkWorkers, containers, async (container) => {
        for (let round = 0; round < checkRounds / checkWorkers; round += 1) {
          const prevResult = await bench.add(container);
          await bench.succeed('CHECK', container, { config: { prevResult } });
          await bench.succeed('DEL', container);
        }
      });
    },
  },
  {
    id: 'check.later-plugins',
    title: 'CHECK passes when a later plugin added an address and a route',
    clause: `${clause}: other plugins of the chain`,
    run: async (bench) => {
      const container = await bench.container();
      const prevResult = await bench.add(container);
      await ip(container, 'address', 'add', '203.0.113.9/32', 'dev', 'eth0');
      await ip(container, 'route', 'add', '203.0.113.0/24', 'dev', 'eth0');
      await bench.succeed('CHECK', container, { config: { prevResult } });
    },
  },
  broken({
    id: 'down',
    what: 'the interface is down',
    names: ['eth0', 'down'],
    damage: (container) => ip(container, 'link', 'set', 'eth0', 'down'),
  }),
  broken({
    id: 'removed',
    what: 'the interface was removed',
    names: ['eth0', 'removed'],
    damage: (container) => ip(container, 'link', 'delete', 'eth0'),
    isRepaired: async ({ netnsPath }) => (await seenInterface(netnsPath, 'eth0')) !== undefined,
  }),
  ...([4, 6] as const).flatMap((family) => [
    broken({
      id: family === 4 ? 'address' : 'address6',
      what: `the IPv${family} address was removed`,
      names: ['address'],
      damage: (container, result) => ip(container, 'address', 'del', addressOf(result, family), 'dev', 'eth0'),
    }),
    broken({
      id: family === 4 ? 'route' : 'route6',
      what: `the IPv${family} route was removed`,
      names: ['route', family === 4 ? '0.0.0.0/0' : '::/0'],
      damage: (container) => ip(container, `-${family}`, 'route', 'del', 'default', 'dev', 'eth0'),
    }),
  ]),
  broken({
    id: 'peer',
    what: 'the peer was removed from the node',
    names: ['peer'],
    needs: 'breakPeer',
    damage: async ({ id }, { ips = [] }, { subject }) =>
      subject.breakPeer?.(
        id,
        ips.map(({ address }) => address),
      ),
  }),
  {
    id: 'check.unallocated',
    title: 'CHECK of a container whose allocation was taken back fails',
    clause,
    run: async (bench) => {
      const container = await bench.container();
      const prevResult = await bench.add(container);
      await bench.succeed('DEL', container);
      await bench.refuse('CHECK', { ours: 3 }, [container.id], [container, { config: { prevResult } }]);
    },
  },
  {
    id: 'check.other-address',
    title: 'CHECK fails when the result names an address that was not allocated',
    clause: `${clause}: prevResult`,
    run: async (bench, { range }) => {
      const container = await bench.container();
      const result = await bench.add(container);
      const ips = (result.ips ?? []).map((one, index) =>
        index === 0 ? { ...one, address: one.address.replace(/^[^/]+/, range.inside) } : one,
      );
      await bench.refuse(
        'CHECK',
        { ours: 107 },
        [range.inside],
        [container, { config: { prevResult: { ...result, ips } } }],
      );
    },
  },
  {
    id: 'check.no-result',
    title: 'CHECK without prevResult is refused',
    clause: `${clause}: prevResult is required`,
    run: async (bench) => {
      const container = await bench.container();
      await bench.add(container);
      await bench.refuse('CHECK', { ours: 7 }, ['prevResult'], [container]);
    },
  },
  {
    id: 'check.version',
    title: 'CHECK in 0.3.1 is refused: 0.4.0 brought it',
    clause: 'CNI 0.4.0 CHECK, code 1',
    run: async (bench) => {
      const container = await bench.container();
      const prevResult = await bench.add(container, { config: { cniVersion: '0.3.1' } });
      await bench.refuse('CHECK', 1, ['0.3.1'], [container, { config: { cniVersion: '0.3.1', prevResult } }]);
    },
  },
];
