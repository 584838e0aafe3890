/** What somebody else changed and a plan mends, in the words of an event. */
import type { EventKind } from '@wgcni/api';

export interface Repair {
  kind: Extract<EventKind, `repair.${string}`>;
  /** The one thing, such as `route 10.64.2.0/24 of wgcni-mesh`. */
  subject: string;
  /** What such things are called when there are many: `routes of wgcni-mesh`. */
  group: string;
  message: string;
}

/** By the change that mends it; a change of the node's own doing is not in it. */
export type Repairs<C> = ReadonlyMap<C, Repair>;
