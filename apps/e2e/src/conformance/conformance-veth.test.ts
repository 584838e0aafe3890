/**
 * The cases of the suite in which it matters what joins a container to its node, with a network of `link: veth`. `make conformance LINK=veth`
 * runs all of them so.
 *
 *   test ── exec ── wireguard-cni ── unix socket ── node-manager (namespace of a node) ── veths ── container namespaces
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeSubject } from './node-subject.ts';
import { runCase, warmUp } from './run-case.ts';
import { casesOf } from './run-suite.ts';
import type { Subject } from './subject.ts';

/** Beginnings of the ids of those cases. */
const meant = ['results.', 'netns.', 'repetition.', 'foreign.', 'check.', 'gc.', 'chain.', 'daemon.slow.device'];
/** 400 containers come and go in it: a third of the time of all others together. */
const longest = 'check.after-add';
const cases = casesOf('dual').filter(({ id }) => id !== longest && meant.some((beginning) => id.startsWith(beginning)));

describe('wireguard-cni with link: veth', () => {
  let subject: Subject;
  let close: () => Promise<void>;
  const baseline = {};
  beforeAll(async () => {
    ({ subject, close } = await nodeSubject({ link: 'veth' }).open('dual'));
    await warmUp(subject);
  });
  afterAll(() => close());

  it('is asked of every kind of case that is meant', () => {
    for (const beginning of meant)
      expect(
        cases.some(({ id }) => id.startsWith(beginning)),
        beginning,
      ).toBe(true);
  });

  it.each(cases)('$id: $title', async (one) => {
    const outcome = await runCase(one, subject, baseline);
    expect('why' in outcome && outcome.kind === 'failed' ? outcome.why : 'conforms').toBe('conforms');
  });
});
