/** What `wgcni doctor` says of etcd and the cluster-managers, by what each answered. */
import { CatalogueError } from '@wgcni/base';
import { describe, expect, it } from 'vitest';
import { judgeEtcd, judgeManagers, judgeUntold } from './judge-servers.ts';

const url = 'https://192.0.2.1:2379';
const member = (version: string, isHealthy = true) => ({ url, answer: { version, isHealthy } });
const away = { url, failed: 'connect ECONNREFUSED' };
const bypassOf = (version: string): string | undefined => (version.startsWith('3.4') ? `${version} is old` : undefined);
const states = (findings: readonly { state: string }[]): string[] => findings.map(({ state }) => state);

describe('etcd', () => {
  it('whose roles can be got round is worth a word', () => {
    expect(states(judgeEtcd([member('3.5.30'), member('3.4.23')], bypassOf))).toEqual(['ok', 'attention']);
  });

  it('of three members may lack one, not two', () => {
    expect(states(judgeEtcd([member('3.5.28'), member('3.5.28'), away], bypassOf))).toEqual(['ok', 'ok', 'attention']);
    expect(judgeEtcd([member('3.5.28'), away, away], bypassOf).at(-1)).toMatchObject({
      state: 'fault',
      said: '1 of 3 members serve: nothing can be written',
    });
  });

  it('that has no quorum is a fault, though it answers', () => {
    expect(states(judgeEtcd([member('3.5.28', false)], bypassOf))).toEqual(['fault', 'fault']);
  });
});

describe('cluster-managers', () => {
  const answers = (aheadMs: number) => ({ url, answer: { aheadMs, refusal: undefined } });
  it.each([
    [2_000, 'ok', 'as the cluster-managers have it'],
    [-45_000, 'attention', 'this machine is 45 s ahead of a cluster-manager'],
    [3_600_000, 'fault', 'this machine is 60 min behind a cluster-manager'],
  ])('whose clock is %d ms ahead: %s', (aheadMs, state, said) => {
    expect(judgeManagers([answers(aheadMs)]).at(-1)).toMatchObject({ check: 'clock', state, said });
  });

  it('that are all away are a fault', () => {
    expect(states(judgeManagers([away, away]))).toEqual(['attention', 'attention', 'fault']);
    expect(states(judgeManagers([answers(0), away]))).toEqual(['ok', 'attention', 'ok']);
  });

  it('that refuse us are not well, and all of them together are a fault', () => {
    const refusal = { why: 'HTTP 403: not for you [identity.refused]', remedy: 'ask as somebody else' };
    const refuses = { url, answer: { aheadMs: 0, refusal } };
    expect(states(judgeManagers([answers(0), refuses]))).toEqual(['ok', 'attention', 'ok']);
    const [first, all] = judgeManagers([refuses]);
    expect(first).toMatchObject({ state: 'attention', said: `${url}: does not serve us: ${refusal.why}` });
    expect([first?.remedy, all?.state]).toEqual([refusal.remedy, 'fault']);
  });

  it('that say nothing of the cluster leave it unknown, with the reason', () => {
    const error = new CatalogueError('identity.missing', 'nobody asks', { remedy: 'show a certificate' });
    expect(judgeUntold(error)).toEqual({
      ...{ check: 'cluster', state: 'unknown' },
      ...{ said: 'nobody asks [identity.missing]', remedy: 'show a certificate' },
    });
  });
});
