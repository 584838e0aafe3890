/** Who follows over a real connection: sees what was, what comes, and goes on past a restart. */
import { createNodeClient, type Event, type NodeClient } from '@wgcni/api';
import { EventRing, eventRoutes, openServer } from '@wgcni/api/server';
import { silentLog, systemClock, systemRandom } from '@wgcni/base';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { followEvents } from './follow-events.ts';

let directory: string;
let socketPath: string;
let app: Awaited<ReturnType<typeof openServer>>;
let client: NodeClient;
const stop = new AbortController();

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'wgcni-events-'));
  socketPath = join(directory, 'node.sock');
  client = createNodeClient({ socketPath });
});
afterEach(async () => {
  await client.close();
  await app.close();
  await rm(directory, { recursive: true });
});

/** A program that starts: it knows nothing of before. */
async function start(): Promise<EventRing> {
  const events = new EventRing({ clock: systemClock, random: systemRandom, log: silentLog });
  const server = { url: 'http://localhost', description: '' };
  const options = { title: '', description: '', version: '1', server, tags: [], bodyLimit: 1_024, log: silentLog };
  app = await openServer(options, (instance) => eventRoutes(instance, events, []));
  await app.listen({ path: socketPath });
  return events;
}
const happened = (subject: string) => ({ kind: 'tunnel.broken' as const, subject, message: 'm' });

it('is told of each event once, of nothing twice after a restart, and of an outage once', async () => {
  const [shown, complaints]: [string[], string[]] = [[], []];
  const first = await start();
  first.tell(happened('before'));
  const follower = {
    show: ({ subject }: Event) => void shown.push(subject),
    complain: (why: string) => void complaints.push(why),
    clock: systemClock,
  };
  const ask: NodeClient['events'] = (query, signal) => client.events(query, signal);
  const ended = followEvents(ask, { kind: 'tunnel' }, follower, stop.signal);
  await expect.poll(() => shown).toEqual(['before']);
  first.tell({ kind: 'repair.contested', subject: 'of another kind', message: 'm' });
  first.tell(happened('meanwhile'));
  await expect.poll(() => shown).toEqual(['before', 'meanwhile']);
  await app.close();
  await expect.poll(() => complaints.length).toBe(1);
  const second = await start();
  second.tell(happened('afterwards'));
  await expect.poll(() => shown, { timeout: 10_000 }).toEqual(['before', 'meanwhile', 'afterwards']);
  stop.abort(new Error('interrupted'));
  await ended;
  expect(complaints).toHaveLength(1);
});

it('is told at once when the first question is refused', async () => {
  await start();
  const follower = { show: () => {}, complain: () => {}, clock: systemClock };
  const ask: NodeClient['events'] = (query, signal) => client.events({ ...query, limit: 0 }, signal);
  await expect(followEvents(ask, {}, follower, new AbortController().signal)).rejects.toMatchObject({
    code: 'request.invalid',
  });
});
