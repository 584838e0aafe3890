/** `wgcni events`: what happened lately at a cluster-manager or on a node, once or as it comes. */
import type { Event, EventQuery } from '@wgcni/api';
import { systemClock } from '@wgcni/base';
import type { Command } from 'commander';
import type { Answer } from '../answer.ts';
import { noProgress } from '../progress/progress.ts';
import type { Work } from '../run/work.ts';
import { isAboutCluster, type Stream, type Targets, withManager, withNode } from '../targets.ts';
import { type Ask, followEvents } from './follow-events.ts';
import { showEvent, showEvents } from './show-events.ts';

interface EventFlags {
  follow: boolean;
  kind?: string;
}

export function addEventCommand(program: Command, run: (work: Work) => Promise<void>): void {
  program
    .command('events')
    .description('what happened lately at a cluster-manager (with --manager) or on one node')
    .option('--follow', 'go on, and print what happens as it does', false)
    .option('--kind <kind>', 'only this kind, or the kinds that begin with it, like repair')
    .action(({ follow: isFollowing, kind }: EventFlags) => {
      const query = kind === undefined ? {} : { kind };
      if (!isFollowing) return run((targets) => events(targets, query));
      return run((targets) =>
        withEvents({ ...targets, progress: noProgress }, (ask) => followUntilStopped(ask, query, targets.stream)),
      );
    });
}

async function events(targets: Targets, query: EventQuery): Promise<Answer> {
  const value = await withEvents(targets, (ask) => ask(query));
  return { value: value.items, text: showEvents(value) };
}

/** Until it is interrupted; with --json a line of JSON for each. */
async function followUntilStopped(ask: Ask, query: EventQuery, stream: Stream): Promise<undefined> {
  const follower = {
    show: (event: Event) => stream.show({ value: event, text: showEvent(event) }),
    complain: (why: string) => stream.warn(`${why}; asking again`),
    clock: systemClock,
  };
  await followEvents(ask, query, follower, stream.untilStopped());
}

/** The cluster when a manager is named and no node, else the node. */
function withEvents<T>(targets: Targets, work: (ask: Ask) => Promise<T>): Promise<T> {
  if (isAboutCluster(targets))
    return withManager(targets, (client) => work((query, signal) => client.events(query, signal)));
  return withNode(targets, (client) => work((query, signal) => client.events(query, signal)));
}
