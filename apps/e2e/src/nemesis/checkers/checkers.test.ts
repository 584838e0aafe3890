/** Each small checker can fail, and says what is wrong. */
import { describe, expect, it } from 'vitest';
import type { FaultEvent, HistoryEvent, OperationEvent } from '../history/event.ts';
import { gapsOf } from '../observe/ping-watch.ts';
import { addressViolations } from './addresses.ts';
import { convergenceViolations } from './convergence.ts';
import { leadershipOverlap } from './leadership.ts';
import { leakViolations } from './leaks.ts';
import { listViolations } from './lists.ts';
import { pingViolations } from './ping-gaps.ts';
import { secretViolations } from './secrets.ts';
import { whyInvalid } from './validity.ts';

const operation = (name: OperationEvent['name'], containerId: string, fromMs: number, more = {}): OperationEvent => ({
  ...{ kind: 'operation', process: 'w', name, containerId, invokeMs: fromMs, endMs: fromMs + 10, outcome: 'ok' },
  ...more,
});
const fault = (change: Partial<FaultEvent> = {}): FaultEvent => ({
  ...{ kind: 'fault', number: 1, nemesis: 'n', what: 'x', harm: 'control', inFlight: 1, ratePerSec: 30 },
  ...{ strikeMs: 1_000, struckMs: 1_010, healMs: 5_000, healedMs: 5_010, convergedMs: 500, differences: [] },
  ...change,
});
const run: HistoryEvent = {
  ...{ kind: 'run', seed: 1, cluster: 'c', realNodes: ['n1'], clockRate: 1 },
  ...{ registrationTtlMs: 6_000, holdDownMs: 30_000 },
};

describe('the uniqueness of addresses', () => {
  const addresses = { addresses: ['10.64.0.2'] };
  it('is kept when an address is given again after a DEL was asked for', () => {
    const history = [
      operation('add', 'c1', 0, addresses),
      operation('del', 'c1', 20),
      operation('add', 'c2', 25, addresses),
    ];
    expect(addressViolations(history)).toEqual([]);
  });
  it('is broken when it is given while another has it, also after an ADD that failed', () => {
    const history = [
      operation('add', 'c1', 0, addresses),
      operation('add', 'c3', 5, { outcome: 'unknown' }),
      operation('add', 'c2', 20, addresses),
    ];
    expect(addressViolations(history)).toEqual(['10.64.0.2 was given to c2 while c1 had it']);
  });
});

describe('leadership', () => {
  const belief = (replicaId: string, term: number, fromMs: number, toMs: number): HistoryEvent => ({
    ...{ kind: 'belief', replicaId, term, fromMs, toMs, samples: 2 },
  });
  it('may pass from one to another', () => {
    expect(leadershipOverlap([belief('m1', 1, 0, 100), belief('m2', 2, 101, 200)]).longestMs).toBe(0);
  });
  it('may not be believed in by two at once', () => {
    const { longestMs, violations } = leadershipOverlap([belief('m1', 1, 0, 100), belief('m2', 2, 60, 200)]);
    expect([longestMs, violations.length]).toEqual([40, 1]);
  });
});

describe('lists', () => {
  it('show a subnet once', () => {
    const grants = [
      { cidr: 'a', grantId: '1' },
      { cidr: 'a', grantId: '2' },
    ];
    expect(listViolations([operation('list', '', 0, { grants })])).toHaveLength(1);
    expect(listViolations([operation('list', '', 0, { grants: grants.slice(1) })])).toEqual([]);
  });
});

describe('a fault', () => {
  it('counts when the run was busy and something was in flight', () => {
    expect([{}, { ratePerSec: 19 }, { inFlight: 0 }].map((change) => whyInvalid(fault(change)) === undefined)).toEqual([
      true,
      false,
      false,
    ]);
  });
  it('must be followed by agreement within ten seconds', () => {
    expect(convergenceViolations([fault()])).toEqual([]);
    expect(convergenceViolations([fault({ convergedMs: 10_100 })])).toHaveLength(1);
    expect(convergenceViolations([fault({ convergedMs: null, differences: ['n1 lacks a peer'] })])[0]).toContain(
      'lacks',
    );
  });
});

describe('pings', () => {
  const answers = (...sequences: number[]) => sequences.map((sequence) => ({ sequence, atMs: sequence * 100 }));
  const ping = (gaps: { fromMs: number; toMs: number; lost: number }[], sent = 100): HistoryEvent => ({
    ...{ kind: 'ping', from: 'a', to: 'b', address: 'x', sent, gaps },
  });
  it('have a gap for each run of requests without an answer', () => {
    expect(gapsOf(answers(1, 2, 5, 6), 8)).toEqual([
      { fromMs: 200, toMs: 500, lost: 2 },
      { fromMs: 600, toMs: Number.MAX_SAFE_INTEGER, lost: 2 },
    ]);
    expect(gapsOf(answers(1, 3, 2, 4), 4)).toEqual([]);
    expect(gapsOf(answers(2, 3), 3)).toEqual([{ fromMs: 200, toMs: 200, lost: 1 }]);
  });
  it('go on counting where sequence numbers begin anew', () => {
    const long = Array.from({ length: 65_540 }, (_, index) => ({ sequence: (index + 1) % 65_536, atMs: index * 100 }));
    expect(gapsOf(long, 65_540)).toEqual([]);
    expect(gapsOf(long.toSpliced(65_535, 2), 65_540)).toHaveLength(1);
  });
  it('may be lost only in faults that harm packets', () => {
    const gap = [{ fromMs: 2_000, toMs: 3_000, lost: 9 }];
    expect(pingViolations([ping(gap), fault({ harm: 'packets' })])).toEqual([]);
    expect(pingViolations([ping(gap), fault()])).toHaveLength(1);
    expect(pingViolations([ping(gap)])).toHaveLength(1);
    expect(pingViolations([ping(gap), fault({ harm: 'packets', gapBoundMs: 1_000 })])).toEqual([]);
    expect(pingViolations([ping(gap), fault({ harm: 'packets', gapBoundMs: 900 })])).toHaveLength(1);
    expect(pingViolations([ping([], 3)])).toHaveLength(1);
  });
});

describe('rest and secrets', () => {
  it('are violated when nobody looked', () => {
    expect([leakViolations([run]), secretViolations([run])]).toEqual([
      ['n1 was not looked at'],
      ['nobody looked for private keys'],
    ]);
  });
  it('are violated by a leak, a found key and a scan that knew none', () => {
    const holdings = {
      ...{ attachments: [], records: 1, taken: [0], peerAddresses: [], containerDevices: 0, waitingDeletions: 0 },
      ...{ alive: [], host: [] },
    };
    expect(leakViolations([run, { kind: 'rest', nodeId: 'n1', holdings }])).toEqual(['n1: 1 records of 0 attachments']);
    const scan: HistoryEvent = { kind: 'secrets', keys: 3, texts: 2, bytes: 10, found: ['n1.log'] };
    expect(secretViolations([scan])).toEqual(['a private key stands in n1.log']);
    expect(secretViolations([{ ...scan, keys: 0, found: [] }])).toHaveLength(1);
  });
});
