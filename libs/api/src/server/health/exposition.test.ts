/** What Prometheus is told is in its text format, whatever stands in a label. */
import { expect, it } from 'vitest';
import { textOf } from './exposition.ts';

const family = { name: 'wgcni_things', type: 'gauge', help: 'things\nby \\ kind' } as const;

it('says what a metric is and each of its values', () => {
  const readings = [{ labels: { kind: 'a', place: 'b' }, value: 1.5 }, { value: 2 }, { labels: {}, value: 1e21 }];
  expect(textOf(family, readings)).toBe(
    '# HELP wgcni_things things\\nby \\\\ kind\n# TYPE wgcni_things gauge\n' +
      'wgcni_things{kind="a",place="b"} 1.5\nwgcni_things 2\nwgcni_things 1e+21\n',
  );
  expect(textOf(family, []).split('\n')).toHaveLength(3);
});

it('escapes what would end a label, and writes what is no number as Prometheus does', () => {
  const readings = [
    { labels: { kind: 'a"b\\c\nd' }, value: NaN },
    ...[Infinity, -Infinity].map((value) => ({ value })),
  ];
  expect(textOf(family, readings).split('\n').slice(2, 5)).toEqual([
    'wgcni_things{kind="a\\"b\\\\c\\nd"} NaN',
    'wgcni_things +Inf',
    'wgcni_things -Inf',
  ]);
});
