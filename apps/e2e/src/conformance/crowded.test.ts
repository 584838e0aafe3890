/**
 * The same cases on a node of whose /20 4,000 addresses are taken by hand: an allocator that searches would show it here.
 *
 *   test ── exec ── wireguard-cni ── unix socket ── node-manager (4,000 joined addresses) ── container namespaces
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeSubject } from './node-subject.ts';
import { runCase, warmUp } from './run-case.ts';
import { casesOf } from './run-suite.ts';
import type { Subject } from './subject.ts';

describe('a node with 4,000 addresses of a /20 taken by hand', () => {
  let subject: Subject;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ subject, close } = await nodeSubject({ crowd: 4_000 }).open('dual'));
    await warmUp(subject);
  });
  afterAll(() => close());

  it.each(casesOf('dual'))('$id: $title', async (one) => {
    const outcome = await runCase(one, subject);
    expect('why' in outcome && outcome.kind === 'failed' ? outcome.why : 'conforms').toBe('conforms');
  });
});
