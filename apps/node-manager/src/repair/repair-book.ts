/** What was mended that somebody else had changed: told as events, and left alone for a while where somebody keeps changing it. */
import type { EventRing } from '@wgcni/api/server';
import type { Clock } from '@wgcni/base';
import { counting, dueAtMs, isContested, isDue } from './contest.ts';
import { fewEvents } from './few-events.ts';
import type { Repair, Repairs } from './repair.ts';

export interface RepairBookDeps {
  events: Pick<EventRing, 'tell'>;
  clock: Pick<Clock, 'monotonicMs'>;
}

export class RepairBook {
  readonly #deps: RepairBookDeps;
  /** When each thing was mended, by its subject. */
  readonly #mended = new Map<string, number[]>();
  /** When each thing may be mended that was left as it is, by its subject. */
  readonly #waiting = new Map<string, number>();
  /** What was told as contested and not yet as left in peace, by its subject; how often it was mended meanwhile is counted. */
  readonly #contests = new Map<string, { sinceMs: number; repairs: number }>();

  constructor(deps: RepairBookDeps) {
    this.#deps = deps;
  }

  /** The changes to make now: all but those of what is contested and was mended a moment ago. */
  due<C>(changes: readonly C[], repairs: Repairs<C>): C[] {
    const nowMs = this.#deps.clock.monotonicMs();
    return changes.filter((change) => {
      const subject = repairs.get(change)?.subject;
      if (subject === undefined) return true;
      const times = this.#mended.get(subject) ?? [];
      if (isDue(times, nowMs)) return true;
      this.#waiting.set(subject, dueAtMs(times));
      return false;
    });
  }

  /** Whether something that was left as it is may be mended by now: told once, and nobody else tells whoever keeps it to look again. */
  takeDue(): boolean {
    const nowMs = this.#deps.clock.monotonicMs();
    const due = [...this.#waiting].filter(([, atMs]) => nowMs >= atMs);
    for (const [subject] of due) this.#waiting.delete(subject);
    return due.length > 0;
  }

  /** These changes, which `due` let through, are made: what they mended is told. */
  made<C>(changes: readonly C[], repairs: Repairs<C>): void {
    const mended = changes.flatMap((change) => repairs.get(change) ?? []);
    this.#take(mended, 'it is left alone for ten seconds each time');
  }

  /** This is mended, whatever was mended a moment ago. */
  tell(mended: readonly Repair[]): void {
    this.#take(mended, 'it goes on being put right at every look');
  }

  /** Tells what was contested and has been left as it is for a minute. */
  tellPeace(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    this.#forget();
    for (const [subject, { sinceMs, repairs }] of this.#contests) {
      if (this.#mended.has(subject)) continue;
      this.#contests.delete(subject);
      const seconds = Math.round((nowMs - sinceMs) / 1_000);
      const message = `was put right ${repairs} more times in ${seconds} s, and has been left as it is for a minute`;
      this.#deps.events.tell({ kind: 'repair.uncontested', subject, message });
    }
  }

  /** What somebody keeps changing. */
  get contested(): string[] {
    const nowMs = this.#deps.clock.monotonicMs();
    return [...this.#mended].filter(([, times]) => isContested(times, nowMs)).map(([subject]) => subject);
  }

  /** Of what is contested one event tells when it begins and one when it is over. */
  #take(mended: readonly Repair[], andNow: string): void {
    for (const happening of fewEvents(mended.filter(({ subject }) => !this.#contests.has(subject))))
      this.#deps.events.tell(happening);
    for (const repair of mended) this.#note(repair, andNow);
    this.#forget();
  }

  #note({ subject, kind }: Repair, andNow: string): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const times = [...counting(this.#mended.get(subject) ?? [], nowMs), nowMs];
    this.#mended.set(subject, times);
    this.#waiting.delete(subject);
    const contest = this.#contests.get(subject);
    if (contest !== undefined) contest.repairs += 1;
    if (contest !== undefined || !isContested(times, nowMs)) return;
    this.#contests.set(subject, { sinceMs: nowMs, repairs: 0 });
    this.#deps.events.tell({
      ...{ kind: 'repair.contested', subject },
      message: `was put right three times in a minute; ${andNow}, and told again when it has been left in peace`,
      cause: `somebody keeps changing it (${kind})`,
      remedy: 'find who else manages this host: another CNI, a firewall manager, wg-quick, a script',
    });
  }

  #forget(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const [subject, times] of this.#mended) if (counting(times, nowMs).length === 0) this.#mended.delete(subject);
  }
}
