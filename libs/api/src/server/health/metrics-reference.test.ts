/** A program's section of the page is what its registry says, and the rest of the page stays. */
import { expect, it } from 'vitest';
import { Durations } from './meter.ts';
import { Metrics } from './metrics.ts';
import { withSection } from './metrics-reference.ts';

const page = [
  ...[
    '# Metrics',
    '',
    '<!-- metrics of one, generated: make metrics-reference -->',
    'old',
    '<!-- end of metrics of one -->',
  ],
  ...[
    'between',
    '<!-- metrics of two, generated: make metrics-reference -->',
    '<!-- end of metrics of two -->',
    'after',
    '',
  ],
].join('\n');

it('has a row for each metric, by name, and is the same when it is written again', () => {
  const metrics = new Metrics({ program: 'one', version: '1', certificates: () => [] });
  metrics.gauge('wgcni_things', 'things by kind', ['kind', 'place'], () => []);
  metrics.include(new Durations('wgcni_a_duration_seconds', 'how long it takes', []));
  const written = withSection(page, 'one', metrics.about);
  expect(written).toContain('| `wgcni_things` | gauge | `kind`, `place` | things by kind |');
  expect(written).toContain('| `wgcni_requests_denied_total` | counter | `code` | requests that were refused');
  const names = [...written.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
  expect(names).toEqual(names.toSorted());
  expect(names[0]).toBe('wgcni_a_duration_seconds');
  expect(written).not.toContain('old');
  expect(written).toContain('between\n<!-- metrics of two, generated: make metrics-reference -->\n<!-- end');
  expect(withSection(written, 'one', metrics.about)).toBe(written);
});

it('must have its place on the page', () => {
  expect(() => withSection(page, 'three', [])).toThrow('no section of three');
});
