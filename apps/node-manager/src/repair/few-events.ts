/** PURE: what happened to many things at once, told as one event that names them. */
import type { Happening } from '@wgcni/api/server';

/** One of many alike. */
export interface Alike extends Happening {
  /** What such things are called when there are many: `routes of wgcni-mesh`. */
  group: string;
}

/** More of one kind at once are told as one event. */
const mostSingle = 5;
/** So many things are named in it. */
const mostNamed = 10;

export function fewEvents(happenings: readonly Alike[]): Happening[] {
  const groups = new Map<string, Alike[]>();
  for (const one of happenings) {
    const key = `${one.kind} ${one.group}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].flatMap((alike) => {
    const [first] = alike;
    if (first === undefined || alike.length <= mostSingle) return alike.map(withoutGroup);
    return [{ ...withoutGroup(first), subject: `${alike.length} ${first.group}`, message: messageOf(alike, first) }];
  });
}

function withoutGroup({ kind, subject, message, cause, remedy }: Alike): Happening {
  return { kind, subject, message, cause, remedy };
}

function messageOf(alike: readonly Alike[], first: Alike): string {
  const named = alike.slice(0, mostNamed).map(({ subject }) => subject);
  const more = alike.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}: each ${first.message}`;
}
