/** What a query names is found through everything that stands around it. */
import { expect, it } from 'vitest';
import { metricsIn, selectorsIn } from './expression.ts';
import { toldIn, unsampled } from './told.ts';

it.each([
  ['up{job=~"wgcni-.+"} == 0', ['up']],
  ['max by (job) (wgcni_leader) == 0', ['wgcni_leader']],
  ['sum without (state) (a_total{state="x"}) / ignoring (state) b_count > 2 * 86400', ['a_total', 'b_count']],
  ['histogram_quantile(0.99, sum by (instance, le) (rate(c_bucket{q="a b"}[5m]))) > 0.5', ['c_bucket']],
  ['d_total unless on (job, peer) e_seconds', ['d_total', 'e_seconds']],
  ['topk(10, rate(f_total[$__rate_interval])) or vector(0)', ['f_total']],
  ['(g - time()) / (g - h) < 1e3', ['g', 'h']],
])('%s names its metrics', (query, metrics) => {
  expect(metricsIn(query)).toEqual(metrics);
});

it('knows the labels by which a metric is chosen', () => {
  expect(selectorsIn('a{x="1",y!~"b=c"} / b{z=~".+"} > c')).toEqual([
    ['a', 'x'],
    ['a', 'y'],
    ['b', 'z'],
  ]);
});

it('knows what a text tells, by which labels, and of what it has no sample', () => {
  const text = [
    ...['# HELP a_total words', '# TYPE a_total counter', 'a_total{x="1",y="q\\"{z="} 2'],
    ...[
      '# TYPE b_seconds histogram',
      'b_seconds_bucket{le="0.1",x="1"} 0',
      'b_seconds_sum{x="1"} 0',
      'b_seconds_count{x="1"} 0',
    ],
    ...['# TYPE c gauge', 'c 1', '# TYPE d gauge', ''],
  ].join('\n');
  expect([...toldIn(text)].map(([name, labels]) => [name, [...labels]])).toEqual([
    ['a_total', ['x', 'y']],
    ['b_seconds_bucket', ['le', 'x']],
    ...['b_seconds_sum', 'b_seconds_count'].map((name) => [name, ['x']]),
    ...[
      ['c', []],
      ['d', []],
    ],
  ]);
  expect(unsampled(text)).toEqual(['d']);
});
