/** PURE: whether the servers that a node needs are as they should be, by what each answered. */
import { toCatalogueError } from '@wgcni/base';
import { duration } from '../table.ts';
import { bad, type Finding, ok } from './finding.ts';

/** What a server at a URL said; why it could not be asked. */
export type Asked<T> = { url: string } & ({ answer: T } | { failed: string });

export interface EtcdAnswer {
  isHealthy: boolean;
  version: string;
}

/** Why a server does not do what it was asked. */
export interface Refusal {
  why: string;
  remedy: string | undefined;
}

/** What one cluster-manager said. */
export interface ManagerAnswer {
  /** Its clock is ahead of ours by so much. */
  aheadMs: number;
  /** Undefined when it serves us. */
  refusal: Refusal | undefined;
}

/** `bypassOf` says what is known of a version whose roles can be got round. */
export function judgeEtcd(
  members: readonly Asked<EtcdAnswer>[],
  bypassOf: (version: string) => string | undefined,
): Finding[] {
  const found = members.map((member): Finding => {
    const { url } = member;
    if ('failed' in member)
      return bad(
        'etcd',
        'attention',
        `${url}: ${member.failed}`,
        'look whether that member runs, and whether this machine may reach it',
      );
    const { isHealthy, version } = member.answer;
    if (!isHealthy)
      return bad('etcd', 'fault', `${url}: has no quorum`, 'bring the other members back, or restore (deploy/etcd)');
    const bypass = bypassOf(version);
    if (bypass !== undefined)
      return bad(
        'etcd',
        'attention',
        `${url}: ${bypass}`,
        'upgrade it; until then its certificates are the only fence',
      );
    return ok('etcd', `${url}: healthy, version ${version}`);
  });
  const well = members.filter((member) => 'answer' in member && member.answer.isHealthy).length;
  if (members.length > 0 && well * 2 <= members.length)
    found.push(
      bad(
        'etcd',
        'fault',
        `${well} of ${members.length} members serve: nothing can be written`,
        'bring more than half of them back',
      ),
    );
  return found;
}

/** Nothing of ours compares two clocks, but certificates do: they begin and end by each machine's own. */
const clockAttentionMs = 30_000;
const clockFaultMs = 600_000;

export function judgeManagers(managers: readonly Asked<ManagerAnswer>[]): Finding[] {
  const found = managers.map((manager): Finding => {
    const { url } = manager;
    if ('failed' in manager)
      return bad(
        'cluster-manager',
        'attention',
        `${url}: ${manager.failed}`,
        'look whether it runs, whether this machine may reach it, and by whom its certificate is',
      );
    const { refusal } = manager.answer;
    if (refusal !== undefined)
      return bad(
        'cluster-manager',
        'attention',
        `${url}: does not serve us: ${refusal.why}`,
        refusal.remedy ?? 'look into its log',
      );
    return ok('cluster-manager', `${url}: answers`);
  });
  const answers = managers.flatMap((manager) => ('answer' in manager ? [manager.answer] : []));
  if (managers.length > 0 && answers.length === 0)
    found.push(
      bad(
        'cluster-manager',
        'fault',
        'none answers: nodes cannot register or renew',
        'start one of them; running containers go on',
      ),
    );
  else if (managers.length > 0 && answers.every(({ refusal }) => refusal !== undefined))
    found.push(
      bad('cluster-manager', 'fault', 'none serves who asks here', 'by the reasons above; running containers go on'),
    );
  const worst = answers.map(({ aheadMs }) => aheadMs).sort((a, b) => Math.abs(b) - Math.abs(a))[0];
  if (worst !== undefined) found.push(judgeClock(worst));
  return found;
}

/** Of a cluster that says nothing of itself to who asks. */
export function judgeUntold(thrown: unknown): Finding {
  const { message, code, remedy } = toCatalogueError(thrown);
  return bad('cluster', 'unknown', `${message} [${code}]`, remedy ?? 'look into the log of a cluster-manager');
}

function judgeClock(aheadMs: number): Finding {
  const apart = Math.abs(aheadMs);
  const said = `this machine is ${duration(Math.round(apart / 1_000))} ${aheadMs > 0 ? 'behind' : 'ahead of'} a cluster-manager`;
  if (apart < clockAttentionMs) return ok('clock', 'as the cluster-managers have it');
  return bad(
    'clock',
    apart < clockFaultMs ? 'attention' : 'fault',
    said,
    'set it by NTP: certificates begin and end by it',
  );
}
