/** GC and STATUS, which 1.1.0 brought: what is removed, what is kept, and when a node is ready. */
import { holds, same } from '../expect.ts';
import type { Bench, Container } from '../bench.ts';
import type { ConformanceCase } from '../case.ts';

const gc = 'CNI 1.1 §2 GC';
const status = 'CNI 1.1 §2 STATUS';
const newest = { cniVersion: '1.1.0' };
const listKey = 'cni.dev/valid-attachments';

const valid = (...containers: Container[]): { containerID: string; ifname: string }[] =>
  containers.map(({ id }) => ({ containerID: id, ifname: 'eth0' }));

async function isHeld({ subject }: Bench, { id }: Container): Promise<boolean> {
  return (await subject.holdings()).some((line) => line.startsWith('allocation') && line.includes(id));
}

interface Listed {
  id: string;
  what: string;
  list: (kept: Container) => Record<string, unknown>;
  /** Whether the container that is dead, and is not listed, stays. */
  isDeadHeld?: boolean;
}

/** One live container, one whose namespace is gone; GC with that list. */
const listed = ({ id, what, list, isDeadHeld = false }: Listed): ConformanceCase => ({
  id: `gc.${id}`,
  title: `GC with ${what} ${isDeadHeld ? 'removes nothing' : 'removes the dead container'} and keeps the live one`,
  clause: gc,
  run: async (bench) => {
    const [live, dead] = [await bench.container(), await bench.container()];
    const prevResult = await bench.add(live);
    await bench.add(dead);
    await bench.removeNetns(dead.netns);
    await bench.succeed('GC', undefined, { config: { ...newest, ...list(live) } });
    same('whether the dead one is held', await isHeld(bench, dead), isDeadHeld);
    await bench.succeed('CHECK', live, { config: { prevResult } });
  },
});

export const gcStatusCases: ConformanceCase[] = [
  listed({ id: 'list', what: 'a list of the live one', list: (live) => ({ [listKey]: valid(live) }) }),
  listed({ id: 'null', what: 'null for a list', list: () => ({ [listKey]: null }) }),
  listed({ id: 'empty', what: 'an empty list', list: () => ({ [listKey]: [] }) }),
  listed({ id: 'absent', what: 'no list', list: () => ({}), isDeadHeld: true }),
  listed({
    id: 'legacy',
    what: 'the list under its first key',
    list: (live) => ({ 'cni.dev/attachments': valid(live) }),
  }),
  {
    id: 'gc.both-keys',
    title: 'GC with both keys obeys the right one: what only the wrong one lists is removed',
    clause: `${gc}; libcni writes both`,
    run: async (bench) => {
      const [live, dead] = [await bench.container(), await bench.container()];
      const prevResult = await bench.add(live);
      await bench.add(dead);
      await bench.removeNetns(dead.netns);
      // In either order: a parser that takes the last must not win by it.
      await bench.succeed('GC', undefined, {
        config: { ...newest, 'cni.dev/attachments': [], [listKey]: valid(live, dead) },
      });
      holds('what the right key lists was removed', await isHeld(bench, dead));
      await bench.succeed('GC', undefined, {
        config: { ...newest, [listKey]: valid(live), 'cni.dev/attachments': valid(live, dead) },
      });
      holds('what only the wrong key lists is held', !(await isHeld(bench, dead)));
      await bench.succeed('CHECK', live, { config: { prevResult } });
    },
  },
  {
    id: 'gc.no-path',
    title: 'GC without CNI_PATH is refused and names it',
    clause: 'CNI 1.1 §2 GC: CNI_PATH is required, code 4',
    run: async (bench) => {
      const options = { env: { CNI_PATH: undefined }, config: { ...newest, [listKey]: [] } };
      await bench.refuse('GC', 4, ['CNI_PATH'], [undefined, options]);
    },
  },
  {
    id: 'gc.alive',
    title: 'GC keeps a live container that is not listed, with a warning, and removes it with gcForce',
    clause: `${gc}; gcForce is ours`,
    isOursOnly: true,
    run: async (bench) => {
      const live = await bench.container();
      await bench.add(live);
      const { stderr } = await bench.succeed('GC', undefined, { config: { ...newest, [listKey]: [] } });
      holds(`no warning that names it: ${stderr}`, stderr.includes(live.id));
      holds('it is not held any more', await isHeld(bench, live));
      await bench.succeed('GC', undefined, { config: { ...newest, [listKey]: [], gcForce: true } });
      holds('it is still held', !(await isHeld(bench, live)));
    },
  },
  {
    id: 'gc.other-network',
    title: "GC of one network leaves another's containers alone",
    clause: gc,
    run: async (bench) => {
      const dead = await bench.container();
      await bench.add(dead);
      await bench.removeNetns(dead.netns);
      await bench.succeed('GC', undefined, { config: { ...newest, name: 'another', [listKey]: [] } });
      holds('it is not held any more', await isHeld(bench, dead));
    },
  },
  {
    id: 'gc.twice',
    title: 'GC again succeeds',
    clause: gc,
    run: async (bench) => {
      for (let round = 0; round < 2; round += 1)
        await bench.succeed('GC', undefined, { config: { ...newest, [listKey]: [] } });
    },
  },
  {
    id: 'gc.malformed',
    title: 'GC with a list that is malformed is refused and removes nothing',
    clause: `${gc}, code 7`,
    run: async (bench) => {
      const dead = await bench.container();
      await bench.add(dead);
      await bench.removeNetns(dead.netns);
      const list = [{ containerID: 'x' }];
      const answer = await bench.call('GC', undefined, { config: { ...newest, [listKey]: list } });
      // The host is not compared: the kernel may still be taking the devices of the namespace away.
      bench.errorOf(answer, 7, [listKey]);
      holds('it is not held any more', await isHeld(bench, dead));
    },
  },
  ...(['GC', 'STATUS'] as const).map((verb): ConformanceCase => ({
    id: `${verb.toLowerCase()}.version`,
    title: `${verb} in 1.0.0 is refused: 1.1.0 brought it`,
    clause: 'CNI 1.1 §5 code 1',
    run: async (bench) => void (await bench.refuse(verb, 1, ['1.0.0'])),
  })),
  {
    id: 'status.ready',
    title: 'STATUS of a node that is ready succeeds',
    clause: status,
    run: async (bench) => void (await bench.succeed('STATUS', undefined, { config: newest })),
  },
  {
    id: 'status.draining',
    title: 'STATUS of a node that is drained says 50, and ADD is refused',
    clause: status,
    needs: 'setDraining',
    run: async (bench, subject) => {
      await subject.setDraining?.(true);
      try {
        await bench.refuse('STATUS', 50, ['drain'], [undefined, { config: newest }]);
        await bench.refuse('ADD', 50, ['drain'], [await bench.container()]);
      } finally {
        await subject.setDraining?.(false);
      }
      await bench.succeed('STATUS', undefined, { config: newest });
    },
  },
];
