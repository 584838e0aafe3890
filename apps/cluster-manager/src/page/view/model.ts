/** PURE: all that the page shows, and how it is laid out. */
import type { Overview, Report } from '@wgcni/api';

/** An event as the cluster-manager lists it. */
export interface ShownEvent {
  id: string;
  at: string;
  kind: string;
  subject: string;
  message: string;
  cause: string | null;
  remedy: string | null;
}

export interface Model {
  overview: Overview;
  /** Since when an answer stays away, and why; undefined while all is well. */
  failure: string | undefined;
  /** Events and since when there is a list of them; undefined before the first answer. */
  events: { items: readonly ShownEvent[]; since: string } | undefined;
  /** The node whose details are shown. */
  chosen: string | undefined;
  /** What that node told; `absent` when nobody has a report of it, undefined while it is asked for. */
  report: Report | 'absent' | undefined;
  /** Where the keyboard is among the nodes. */
  current: string | undefined;
  /** What the list of nodes is narrowed to. */
  filter: string;
  /** Pixels that a drawing may be wide. */
  width: number;
}
