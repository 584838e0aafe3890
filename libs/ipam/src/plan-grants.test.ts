/** What a registering node gets, case by case, and what holds in every case. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCidr, parseCidr, sameCidr } from './cidr.ts';
import type { Grant, SubnetHolding } from './grant.ts';
import {
  forgottenGrants,
  mostSubnetsOfNode,
  planGrants,
  type GrantContext,
  type GrantPlan,
  type GrantRequest,
} from './plan-grants.ts';
import { parsePool } from './pool.ts';
import { shortageError } from './shortage-error.ts';
import { SubnetPool } from './subnet-pool.ts';

const grant = (cidr: string, grantId: string): Grant => ({ cidr: parseCidr(cidr), grantId });
const holding = (cidr: string, nodeId: string, grantId: string, state: SubnetHolding['state'] = 'held') => ({
  ...grant(cidr, grantId),
  nodeId,
  state,
});

interface Case {
  holdings?: SubnetHolding[];
  recorded?: Grant[];
  claimed?: Grant[];
  isDraining?: boolean;
  isRecovering?: boolean;
  /** Grant ids that tombstones name. */
  ended?: string[];
  pools?: string[];
  /** Taken in the pool without a readable key. */
  unreadable?: string[];
}

function contextOf({ holdings = [], isRecovering = false, ended = [], pools, unreadable = [] }: Case): GrantContext {
  const pool = new SubnetPool((pools ?? ['10.64.0.0/22:24', 'fd64::/62:64']).map((text) => parsePool(text)));
  for (const { cidr } of holdings) pool.take(cidr);
  for (const text of unreadable) pool.take(parseCidr(text));
  let next = 0;
  return {
    pool,
    heldBy: (nodeId) => holdings.filter((one) => one.nodeId === nodeId),
    holderOf: (cidr) => holdings.find((one) => sameCidr(one.cidr, cidr)),
    hasEnded: (grantId) => ended.includes(grantId),
    isRecovering,
    newGrantId: () => `new-${(next += 1)}`,
  };
}

function plan(one: Case): GrantPlan {
  const request: GrantRequest = {
    nodeId: 'n1',
    recorded: one.recorded ?? [],
    claimed: one.claimed ?? [],
    isDraining: one.isDraining ?? false,
  };
  return planGrants(request, contextOf(one));
}

/** `cidr grantId origin` of each grant, then `lost cidr grantId → holder`, then the shortage. */
function told(one: Case): string[] {
  const made = plan(one);
  const lost = made.lost.map(({ cidr, grantId, holder }) => `lost ${formatCidr(cidr)} ${grantId} → ${holder}`);
  const short = made.shortage === undefined ? [] : [`${made.kind}: ${shortageError(made.shortage).message}`];
  const grants =
    made.kind === 'granted' ? made.grants.map((each) => `${formatCidr(each.cidr)} ${each.grantId} ${each.origin}`) : [];
  return [...grants, ...lost, ...short];
}

const own = [holding('10.64.1.0/24', 'n1', 'a'), holding('fd64:0:0:1::/64', 'n1', 'b')];
const other = holding('10.64.0.0/24', 'n2', 'x');

describe('a node that registers', () => {
  it('for the first time is cut one subnet of each family, the longest unused', () => {
    expect(told({ holdings: [other] })).toEqual(['10.64.1.0/24 new-1 cut', 'fd64::/64 new-2 cut']);
  });

  it('again keeps what the store has under its name, whatever it says of it', () => {
    const kept = ['10.64.1.0/24 a kept', 'fd64:0:0:1::/64 b kept'];
    expect(told({ holdings: own })).toEqual(kept);
    expect(told({ holdings: own, claimed: [grant('10.64.1.0/24', 'old')] })).toEqual(kept);
    expect(told({ holdings: own, recorded: own, claimed: own })).toEqual(kept);
  });

  it('gets back what it claims and nobody has, and is cut only what it then lacks', () => {
    expect(told({ claimed: [grant('10.64.3.0/24', 'old')] })).toEqual([
      '10.64.3.0/24 old recreated',
      'fd64::/64 new-1 cut',
    ]);
  });

  it('loses what another node holds', () => {
    expect(told({ holdings: [other], claimed: [grant('10.64.0.0/24', 'old')] })).toEqual([
      '10.64.1.0/24 new-1 cut',
      'fd64::/64 new-2 cut',
      'lost 10.64.0.0/24 old → n2',
    ]);
  });

  it('gets a resting subnet back only by the very grant that rests', () => {
    const resting = holding('10.64.1.0/24', 'n1', 'a', 'released');
    expect(told({ holdings: [resting], claimed: [grant('10.64.1.0/24', 'a')] })).toEqual([
      '10.64.1.0/24 a recreated',
      'fd64::/64 new-1 cut',
    ]);
    expect(told({ holdings: [resting], claimed: [grant('10.64.1.0/24', 'z')] })).toEqual([
      '10.64.0.0/24 new-1 cut',
      'fd64::/64 new-2 cut',
      'lost 10.64.1.0/24 z → n1',
    ]);
    expect(told({ holdings: [resting] })).toEqual(['10.64.0.0/24 new-1 cut', 'fd64::/64 new-2 cut']);
  });

  it('gets a resting subnet back by a grant that the store has forgotten, while the store recovers', () => {
    const claimed = [grant('10.64.0.0/24', 'forgotten'), grant('fd64:0:0:1::/64', 'b')];
    for (const nodeId of ['n1', 'n2']) {
      const holdings = [holding('10.64.0.0/24', nodeId, 'before', 'released'), ...own.slice(1)];
      const kept = 'fd64:0:0:1::/64 b kept';
      expect(told({ holdings, claimed, isRecovering: true })).toEqual([kept, '10.64.0.0/24 forgotten recreated']);
      const lost = `lost 10.64.0.0/24 forgotten → ${nodeId}`;
      expect(told({ holdings, claimed })).toEqual([kept, '10.64.1.0/24 new-1 cut', lost]);
      const ended = { holdings, claimed, isRecovering: true, ended: ['forgotten'] };
      expect(told(ended)).toContain(lost);
    }
  });

  it('gets nothing by a forgotten grant of what another node holds, while the store recovers', () => {
    const claimed = [grant('10.64.0.0/24', 'forgotten'), grant('fd64:0:0:1::/64', 'b')];
    expect(told({ holdings: [other, ...own.slice(1)], claimed, isRecovering: true })).toContain(
      'lost 10.64.0.0/24 forgotten → n2',
    );
  });

  it('keeps what is reserved for it after a deletion', () => {
    const reserved = own.map((one) => ({ ...one, state: 'reserved' as const }));
    expect(told({ holdings: reserved })).toEqual(['10.64.1.0/24 a kept', 'fd64:0:0:1::/64 b kept']);
  });

  it('gets nothing new while it drains', () => {
    expect(told({ isDraining: true })).toEqual([]);
    expect(plan({ isDraining: true }).kind).toBe('granted');
    expect(told({ holdings: own.slice(0, 1), isDraining: true })).toEqual(['10.64.1.0/24 a kept']);
  });

  it('gets only what it claims while the store recovers', () => {
    const why = 'subnet is granted while nodes still claim what the store has lost';
    expect(told({ isRecovering: true })).toEqual([`refused: no new IPv4 or IPv6 ${why}`]);
    expect(told({ isRecovering: true, claimed: [grant('10.64.3.0/24', 'old')] })).toEqual([
      '10.64.3.0/24 old recreated',
      `granted: no new IPv6 ${why}`,
    ]);
    expect(told({ isRecovering: true, holdings: own })).toEqual(['10.64.1.0/24 a kept', 'fd64:0:0:1::/64 b kept']);
  });

  it('is refused when a family is exhausted, unless it has something already', () => {
    const full = [0, 1, 2, 3].map((n) => holding(`10.64.${n}.0/24`, `m${n}`, `m${n}`));
    expect(told({ holdings: full })).toEqual(['refused: no IPv4 pool has a free subnet']);
    expect(told({ holdings: [...full, own[1] as SubnetHolding] })).toEqual([
      'fd64:0:0:1::/64 b kept',
      'granted: no IPv4 pool has a free subnet',
    ]);
    const both = [0, 1, 2, 3].map((n) => holding(`fd64:0:0:${n}::/64`, `m${n}`, `k${n}`));
    expect(told({ holdings: [...full, ...both] })).toEqual(['refused: no IPv4 or IPv6 pool has a free subnet']);
  });

  it('is refused when it claims a subnet of no pool', () => {
    expect(told({ claimed: [grant('10.99.0.0/24', 'old')], holdings: [other] })).toEqual([
      'refused: the held subnet 10.99.0.0/24 is of no pool',
    ]);
  });

  it('is put off when nobody can tell who holds what it claims, unless its own record proves it', () => {
    const unreadable = ['10.64.2.0/24'];
    const claimed = [grant('10.64.2.0/24', 'old')];
    expect(told({ unreadable, claimed })).toEqual(['refused: who holds the subnet 10.64.2.0/24 cannot be told yet']);
    expect(told({ unreadable, recorded: claimed })).toEqual(['10.64.2.0/24 old kept', 'fd64::/64 new-1 cut']);
    expect(told({ unreadable, claimed, recorded: [grant('10.64.3.0/24', 'r')] })).toEqual([
      'refused: who holds the subnet 10.64.2.0/24 cannot be told yet',
    ]);
  });

  it('names each subnet once, by the grant that the store or its record says first', () => {
    const claimed = [grant('10.64.3.0/24', 'claimed')];
    expect(told({ recorded: [grant('10.64.3.0/24', 'recorded')], claimed })).toEqual([
      '10.64.3.0/24 recorded recreated',
      'fd64::/64 new-1 cut',
    ]);
  });
});

describe('every plan', () => {
  const cidrs = ['10.64.0.0/24', '10.64.1.0/24', 'fd64::/64', 'fd64:0:0:1::/64'];
  const cases: fc.Arbitrary<Case> = fc.record({
    holdings: fc
      .array(
        fc.tuple(
          fc.constantFrom(...cidrs),
          fc.constantFrom('n1', 'n2'),
          fc.constantFrom('a', 'b'),
          fc.constantFrom('held' as const, 'reserved' as const, 'released' as const),
        ),
        { maxLength: 4 },
      )
      .map((all) => all.filter(([cidr], index) => all.findIndex(([one]) => one === cidr) === index))
      .map((all) => all.map(([cidr, nodeId, id, state]) => holding(cidr, nodeId, id, state))),
    claimed: fc
      .array(fc.tuple(fc.constantFrom(...cidrs), fc.constantFrom('a', 'b', 'c')), { maxLength: 4 })
      .map((all) => all.map(([cidr, id]) => grant(cidr, id))),
    isDraining: fc.boolean(),
    isRecovering: fc.boolean(),
    ended: fc.subarray(['a', 'b', 'c']),
    pools: fc.constant(['10.64.0.0/23:24', 'fd64::/63:64']),
  });

  it('gives no subnet that another holds, cuts for all missing families or none, and nothing new while it must not', () => {
    fc.assert(
      fc.property(cases, (one) => {
        const made = plan(one);
        if (made.kind === 'refused') return;
        const holder = (cidr: Grant['cidr']) => one.holdings?.find((each) => sameCidr(each.cidr, cidr));
        for (const each of made.grants) {
          const before = holder(each.cidr);
          if (before?.state !== 'released' || one.isRecovering !== true) expect(before?.nodeId ?? 'n1').toBe('n1');
          if (before?.state === 'released' && before.nodeId !== 'n1') expect(one.ended).not.toContain(each.grantId);
          if (each.origin === 'cut') expect(holder(each.cidr)).toBeUndefined();
        }
        const texts = made.grants.map(({ cidr }) => formatCidr(cidr));
        expect(new Set(texts).size).toBe(texts.length);
        const cut = made.grants.filter(({ origin }) => origin === 'cut');
        if (one.isDraining === true || one.isRecovering === true) expect(cut).toEqual([]);
        else if (made.shortage === undefined)
          expect(new Set(made.grants.map(({ cidr }) => cidr.family))).toEqual(new Set([4, 6]));
        else expect(cut).toEqual([]);
        for (const lost of made.lost) expect(texts).not.toContain(formatCidr(lost.cidr));
      }),
      { numRuns: 600 },
    );
  });
});

describe('claims that the store has forgotten', () => {
  it('are those that neither a key nor a tombstone names', () => {
    const claimed = [
      grant('10.64.1.0/24', 'a'),
      grant('10.64.1.0/24', 'older'),
      grant('10.64.0.0/24', 'mine'),
      grant('10.64.2.0/24', 'buried'),
      grant('10.64.3.0/24', 'lost'),
    ];
    const context = contextOf({ holdings: [...own, { ...other, grantId: 'mine' }], ended: ['buried'] });
    const found = forgottenGrants({ nodeId: 'n1', claimed }, context);
    expect(found.map(({ grantId }) => grantId)).toEqual(['older', 'mine', 'lost']);
  });
});

describe('a shortage', () => {
  const held = grant('10.99.0.0/24', 'g');

  it.each([
    [
      { kind: 'exhausted', families: [6] },
      'pool.exhausted',
      'pools',
      'grow the network by another pool, or delete nodes that are gone',
    ],
    [{ kind: 'recovering', families: [4] }, 'cluster.recovering', undefined, 'try again after three registration TTLs'],
    [
      { kind: 'foreign', grant: held },
      'network.mismatch',
      'held',
      'grow the network by the pool that the subnet was cut from',
    ],
    [
      { kind: 'undecided', grant: held },
      'store.conflict',
      'held',
      'try again; if it goes on, look for a quarantined record of the subnet',
    ],
  ] as const)('%o is told with a code and a remedy', (shortage, code, field, remedy) => {
    const error = shortageError(shortage);
    expect([error.code, error.field, error.remedy]).toEqual([code, field, remedy]);
  });
});

describe('the quota of one node', () => {
  const pools = ['10.64.0.0/16:24'];
  const claims = (count: number, from = 0): Grant[] =>
    Array.from({ length: count }, (_, index) => grant(`10.64.${from + index}.0/24`, `g${from + index}`));
  const held = (count: number): SubnetHolding[] =>
    claims(count).map((one) => ({ ...one, nodeId: 'n1', state: 'held' }));

  it('lets it have as many subnets as one may, claimed at once or one after the other', () => {
    expect(plan({ pools, claimed: claims(mostSubnetsOfNode) }).kind).toBe('granted');
    expect(plan({ pools, holdings: held(mostSubnetsOfNode - 1), claimed: claims(1, 100) }).kind).toBe('granted');
  });

  it('refuses what it claims beyond, whatever it has already, and changes nothing', () => {
    for (const one of [
      { pools, claimed: claims(mostSubnetsOfNode + 1) },
      { pools, holdings: held(mostSubnetsOfNode), claimed: claims(1, 100) },
    ]) {
      const { kind, shortage } = plan(one);
      expect([kind, shortage]).toEqual(['refused', { kind: 'quota', wanted: 17, most: 16 }]);
    }
    expect(shortageError({ kind: 'quota', wanted: 17, most: 16 })).toMatchObject({ code: 'pool.quota', field: 'held' });
  });

  it('takes nothing away from one that has more, and gives it what it has', () => {
    const made = plan({ pools, holdings: held(20), recorded: claims(20), claimed: claims(20) });
    expect(made.kind === 'granted' && made.grants.map(({ origin }) => origin)).toEqual(Array(20).fill('kept'));
  });
});
