/**
 * Every case of the conformance suite, on our plugin and on the reference, and the page that tells of both. Our dual-stack node is a
 * crowded one: 4,000 addresses of its /20 are taken by hand. `make conformance` runs the same cases on an empty one.
 *
 *   test ── exec ── wireguard-cni ── unix socket ── node-manager (namespace of a node) ── container namespaces
 *   test ── exec ── bridge + host-local (namespace of a host) ── container namespaces
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Outcome } from './case.ts';
import { nodeSubject } from './node-subject.ts';
import { referenceDeviations } from './reference-deviations.ts';
import { referenceSubject } from './reference-subject.ts';
import { runCase, warmUp } from './run-case.ts';
import { casesOf } from './run-suite.ts';
import { settings, type Subject, type SubjectSource } from './subject.ts';
import { conformanceTable, type Column } from './table.ts';

const columns = {
  ours: column(nodeSubject({ crowd: 4_000 }), {}),
  reference: column(referenceSubject(), referenceDeviations),
};

function column(source: SubjectSource, deviations: Column['deviations']) {
  return { source, name: source.name, outcomes: new Map<string, Outcome>(), deviations };
}

describe.each(Object.values(columns))('$name', ({ source, outcomes, deviations }) => {
  describe.each(settings)('%s', (setting) => {
    let subject: Subject;
    let close: () => Promise<void>;
    const baseline = {};
    beforeAll(async () => {
      ({ subject, close } = await source.open(setting));
      await warmUp(subject);
    });
    afterAll(() => close());

    it.each(casesOf(setting))('$id: $title', async (one) => {
      const outcome = await runCase(one, subject, baseline);
      outcomes.set(one.id, outcome);
      if (one.id in deviations) expect(outcome.kind, 'a case that the reference is known to fail').toBe('failed');
      else expect('why' in outcome && outcome.kind === 'failed' ? outcome.why : 'conforms').toBe('conforms');
    });
  });
});

it('docs/conformance.md is what these cases gave: `make conformance` writes it', async () => {
  const page = await readFile(resolve(import.meta.dirname, '../../../../docs/conformance.md'), 'utf8');
  expect(page).toBe(conformanceTable([columns.ours, columns.reference]));
});
