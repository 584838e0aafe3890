/** Somebody else's interface under the name that ADD is asked for: refused, and left alone by every verb. */
import { inside } from '../../inside.ts';
import { holds, same } from '../expect.ts';
import { difference, hostState } from '../host-state.ts';
import type { Bench, Container } from '../bench.ts';
import type { ConformanceCase } from '../case.ts';

const foreignAddress = '203.0.113.5/24';

/** One end of a pair of the container's own, with an address and up. */
async function addForeign({ netnsPath }: Container): Promise<void> {
  const script =
    'ip link add eth0 type veth peer name far0 && ip link set eth0 up && ip link set far0 up && ip address add "$1" dev eth0';
  await inside(netnsPath, ['sh', '-c', script, 'sh', foreignAddress]);
}

async function isUntouched({ netnsPath }: Container, before: readonly string[]): Promise<void> {
  same('changes in the namespace', difference(before, await hostState(netnsPath)), []);
}

async function heldBy({ subject }: Bench, { id }: Container): Promise<string[]> {
  return (await subject.holdings()).filter((line) => line.includes(id));
}

export const foreignCases: ConformanceCase[] = [
  {
    id: 'foreign.add',
    title: "ADD is refused when somebody else's interface has the name, and that stays as it is",
    clause: 'CNI 1.1 §2 ADD: an error if the interface exists',
    run: async (bench) => {
      const container = await bench.container();
      await addForeign(container);
      await bench.refuse('ADD', { ours: 103 }, ['eth0'], [container]);
    },
  },
  {
    id: 'foreign.del',
    title: "DEL before any ADD leaves somebody else's interface of the name alone",
    clause: 'only what carries our names is ours',
    isOursOnly: true,
    run: async (bench) => {
      const container = await bench.container();
      await addForeign(container);
      const before = await hostState(container.netnsPath);
      await bench.succeed('DEL', container);
      await isUntouched(container, before);
    },
  },
  {
    id: 'foreign.replaced',
    title:
      'when our link was removed and another took its name, CHECK says so, and DEL frees ours and leaves that alone',
    clause: 'only what carries our names is ours',
    isOursOnly: true,
    run: async (bench) => {
      const container = await bench.container();
      const prevResult = await bench.add(container);
      await inside(container.netnsPath, ['ip', 'link', 'delete', 'eth0']);
      await addForeign(container);
      const before = await hostState(container.netnsPath);
      bench.errorOf(await bench.call('CHECK', container, { config: { prevResult } }), { ours: 107 }, ['eth0']);
      await bench.succeed('DEL', container);
      await isUntouched(container, before);
      same('what it still holds', await heldBy(bench, container), []);
      holds(
        'the foreign address is gone',
        before.some((line) => line.includes(foreignAddress)),
      );
    },
  },
];
