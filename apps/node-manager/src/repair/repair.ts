/** What somebody else changed and a plan mends, in the words of an event. */
import type { EventKind } from '@wgcni/api';
import type { Alike } from './few-events.ts';

/** Its subject is one thing, such as `route 10.64.2.0/24 of wgcni-mesh`. */
export interface Repair extends Alike {
  kind: Extract<EventKind, `repair.${string}`>;
}

/** By the change that mends it; a change of the node's own doing is not in it. */
export type Repairs<C> = ReadonlyMap<C, Repair>;
