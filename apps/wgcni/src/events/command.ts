/** `wgcni events`: what happened lately at a cluster-manager or on a node, once or as it comes. */
import { type EventPage, type EventQuery, longestWaitSec } from '@wgcni/api';
import { CatalogueError, messageOf, systemClock } from '@wgcni/base';
import type { Command } from 'commander';
import type { Answer } from '../commands.ts';
import { type Targets, withManager, withNode } from '../targets.ts';
import { follow, type Followed, showEvent, showEvents } from './show-events.ts';

interface EventFlags {
  follow: boolean;
  kind?: string;
}

/** Whoever does not answer while it is followed is asked again after this long. */
const againMs = 2_000;

type Ask = (query: EventQuery, signal?: AbortSignal) => Promise<EventPage>;

export function addEventCommand(
  program: Command,
  run: (work: (targets: Targets) => Promise<Answer>) => Promise<void>,
): void {
  program
    .command('events')
    .description('what happened lately at a cluster-manager (with --manager) or on one node')
    .option('--follow', 'go on, and print what happens as it does', false)
    .option('--kind <kind>', 'only this kind, or the kinds that begin with it, like repair')
    .action(({ follow: isFollowing, kind }: EventFlags) => {
      const query = kind === undefined ? {} : { kind };
      if (!isFollowing) return run((targets) => events(targets, query));
      return run((targets) => withEvents(targets, (ask) => followEvents(ask, query, targets.json)));
    });
}

async function events(targets: Targets, query: EventQuery): Promise<Answer> {
  const value = await withEvents(targets, (ask) => ask(query));
  return { value: value.items, text: showEvents(value) };
}

/** Until it is interrupted; with `isJson` a line of JSON for each. */
async function followEvents(ask: Ask, query: EventQuery, isJson: boolean): Promise<Answer> {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort(new Error(name)));
  let followed: Followed = { shownUntil: '' };
  let isAway = false;
  while (!stop.signal.aborted) {
    const { last: after } = followed;
    // The first answer tells whether the target is right: what is wrong with it then ends the command.
    const isFirst = followed.shownUntil === '' && after === undefined;
    try {
      const page = await ask(
        { ...query, wait: isFirst ? 0 : longestWaitSec, ...(after === undefined ? {} : { after }) },
        stop.signal,
      );
      const told = follow(followed, page);
      followed = { ...told.followed, shownUntil: told.followed.shownUntil || page.since };
      isAway = false;
      for (const event of told.fresh) process.stdout.write(`${isJson ? JSON.stringify(event) : showEvent(event)}\n`);
    } catch (error) {
      if (stop.signal.aborted) break;
      if (isFirst || !(error instanceof CatalogueError && error.retryable)) throw error;
      if (!isAway) process.stderr.write(`wgcni: ${messageOf(error)}; asking again\n`);
      isAway = true;
      await systemClock.sleep(againMs, stop.signal).catch(() => undefined);
    }
  }
  process.exit(0);
}

/** The cluster when a manager is named and no node, else the node. */
function withEvents<T>(targets: Targets, work: (ask: Ask) => Promise<T>): Promise<T> {
  if (targets.manager !== undefined && targets.nodeManager === undefined)
    return withManager(targets, (client) => work((query, signal) => client.events(query, signal)));
  return withNode(targets, (client) => work((query, signal) => client.events(query, signal)));
}
