/** The table says of each bug what caught it, and the last line counts each bug once. */
import { describe, expect, it } from 'vitest';
import { withTable } from './document.ts';
import type { PlantedBug } from './planted-bug.ts';
import { closingLine, missedIn, tableOf, type Row } from './table.ts';

const bug = (name: string): PlantedBug => ({
  name,
  promise: '§4.1 one subnet, one node',
  does: 'writes without a compare',
  catchers: [
    { suite: 'unit', files: ['libs/x/src/x.test.ts'], fails: ['a'] },
    { suite: 'int', files: ['libs/x/src/x.int.test.ts'], fails: ['b'] },
  ],
});
const row = (of: PlantedBug, index: 0 | 1, why?: string): Row => ({
  bug: of,
  catcher: of.catchers[index] ?? of.catchers[0],
  verdict: why === undefined ? { kind: 'as expected' } : { kind: 'not as expected', why },
  seconds: 1.26,
});

describe('the table', () => {
  const [one, two] = [bug('one'), bug('the-other')];
  const rows = [row(one, 0), row(one, 1), row(two, 0), row(two, 1, 'stayed green')];

  it('has a line for each run, in columns', () => {
    expect(tableOf(rows)).toEqual([
      'bug        promise                    caught by           red after s',
      'one        §4.1 one subnet, one node  unit: x.test.ts     1.3',
      'one        §4.1 one subnet, one node  int: x.int.test.ts  1.3',
      'the-other  §4.1 one subnet, one node  unit: x.test.ts     1.3',
      'the-other  §4.1 one subnet, one node  int: x.int.test.ts  MISSED: stayed green',
    ]);
  });

  it('counts a bug as missed when one of its catchers did not notice', () => {
    expect(missedIn(rows)).toEqual(['the-other']);
    expect(closingLine(rows)).toBe('1 caught, 1 missed');
  });
});

describe('the page', () => {
  const page = 'Head\n\n<!-- table, written by `make planted-docs` -->\n\nold\n\n<!-- end of table -->\n\nTail\n';

  it('has the table replaced, everything else as it was, as often as it is written', () => {
    const written = withTable(page, [bug('one')]);
    expect(written).toMatch(/^Head\n\n<!-- table[^]*<!-- end of table -->\n\nTail\n$/);
    expect(written).toContain(
      '| one | writes without a compare | §4.1 one subnet, one node | unit: x.test.ts<br>int: x.int.test.ts |',
    );
    expect(written).not.toContain('old');
    expect(withTable(written, [bug('one')])).toBe(written);
  });

  it('without a place for the table is refused', () => {
    expect(() => withTable('Head\n', [])).toThrow(RangeError);
  });
});
