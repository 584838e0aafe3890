/** A part of the reference replaces the one of the same program, and leaves the others. */
import { expect, it } from 'vitest';
import { flagsPart, withPart } from './print-reference.ts';

const text = '# Flags\n\nOf all.\n\n## a\n\nold\n\n## b\n\nb stays\n';

it('is put in place of the old one', () => {
  expect(withPart(text, '## a', '## a\n\nnew\n')).toBe('# Flags\n\nOf all.\n\n## a\n\nnew\n\n## b\n\nb stays\n');
  expect(withPart(text, '## b', '## b\n\nnew\n')).toBe('# Flags\n\nOf all.\n\n## a\n\nold\n\n## b\n\nnew\n');
});

it('is put at the end when there was none, and stays as it is when it is put again', () => {
  const once = withPart(text, '## c', '## c\n\nnew\n');
  expect(once).toBe(`${text}\n## c\n\nnew\n`);
  for (const [heading, part] of [
    ['## c', '## c\n\nnew\n'],
    ['## a', '## a\n\nold\n'],
  ] as const)
    expect(withPart(once, heading, part)).toBe(once);
});

it('has a row for each flag: variable, default, whether a file and a reload know it', () => {
  const flags = [
    { name: 'rate', value: 'number', about: 'a|b', default: '5', live: true as const },
    { name: 'take-over', about: 'once', once: true as const },
  ];
  const part = flagsPart({ name: 'p', about: 'A program.', version: '1', flags });
  expect(part).toContain('| `--rate <number>`<br>`WGCNI_RATE` | a\\|b | 5 | yes | yes |');
  expect(part).toContain('| `--take-over`<br>`WGCNI_TAKE_OVER` | once |  |  |  |');
  expect(part).toContain('`--check-config`');
});
