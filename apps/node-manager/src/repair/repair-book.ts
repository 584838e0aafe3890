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

  /** These changes are made: what they mended is told. */
  made<C>(changes: readonly C[], repairs: Repairs<C>): void {
    this.tell(changes.flatMap((change) => repairs.get(change) ?? []));
  }

  /** This is mended. */
  tell(mended: readonly Repair[]): void {
    for (const happening of fewEvents(mended)) this.#deps.events.tell(happening);
    for (const repair of mended) this.#note(repair);
    this.#forget();
  }

  /** What somebody keeps changing. */
  get contested(): string[] {
    const nowMs = this.#deps.clock.monotonicMs();
    return [...this.#mended].filter(([, times]) => isContested(times, nowMs)).map(([subject]) => subject);
  }

  #note({ subject, kind }: Repair): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const before = this.#mended.get(subject) ?? [];
    const times = [...counting(before, nowMs), nowMs];
    this.#mended.set(subject, times);
    this.#waiting.delete(subject);
    if (!isContested(times, nowMs) || isContested(before, nowMs)) return;
    this.#deps.events.tell({
      kind: 'repair.contested',
      subject,
      message: 'was put right three times in a minute; it is now left alone for ten seconds each time',
      cause: `somebody keeps changing it (${kind})`,
      remedy: 'find who else manages this host: another CNI, a firewall manager, wg-quick, a script',
    });
  }

  #forget(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const [subject, times] of this.#mended) if (counting(times, nowMs).length === 0) this.#mended.delete(subject);
  }
}
