/** PURE: what a change of the store means to a person: one record as it was and as it is, in words. */
import type { Happening } from '@wgcni/api/server';
import { optionsOf } from '@wgcni/ipam';
import type { ClientRecord, GoneRecord, NetworkRecord, NodeRecord, SubnetRecord } from '@wgcni/store';

/** A record before and after; undefined where there is none. */
export interface Turn<T> {
  before: T | undefined;
  after: T | undefined;
}

/** A drain, and what of its routes is let in. */
export function nodeChanges({ before, after }: Turn<NodeRecord>): Happening[] {
  if (after === undefined) return [];
  const subject = nodeNamed(after.nodeId);
  const draining =
    after.draining === (before?.draining ?? false)
      ? []
      : [
          after.draining
            ? { kind: 'node.draining' as const, subject, message: 'takes no new attachments' }
            : { kind: 'node.undrained' as const, subject, message: 'takes attachments again' },
        ];
  const known = new Set(before?.routes ?? []);
  const approved = (after.routes ?? []).filter((route) => !known.has(route));
  const routes = new Set(after.routes ?? []);
  const withdrawn = [...known].filter((route) => !routes.has(route));
  return [
    ...draining,
    ...approved.map((route) => ({
      kind: 'route.approved' as const,
      subject: `route ${route}`,
      message: `was let in, by ${after.nodeId}`,
    })),
    ...withdrawn.map((route) => ({
      kind: 'route.withdrawn' as const,
      subject: `route ${route}`,
      message: `was let in by ${after.nodeId}, and is no more`,
    })),
  ];
}

/** `isKnown`: whether the node has a record; one that is deleted is told of by its tombstone. */
export function registrationChanges(
  nodeId: string,
  { before, after }: Turn<{ instance: string }>,
  isKnown: boolean,
): Happening[] {
  const subject = nodeNamed(nodeId);
  if (after === undefined && before !== undefined && isKnown)
    return [
      {
        ...{ kind: 'node.silent', subject, message: 'is silent: its registration has ended' },
        remedy: 'see that the machine, its node-manager and its way here are up; its subnets stay its own meanwhile',
      },
    ];
  if (after === undefined || before?.instance === after.instance) return [];
  const message = before === undefined ? 'has registered' : 'was taken over by another instance';
  return [{ kind: 'node.registered', subject, message }];
}

/** From whom to whom a subnet goes. */
export function subnetChanges({ before, after }: Turn<SubnetRecord>): Happening[] {
  const [was, is] = [before?.state, after?.state];
  const subject = `subnet ${(after ?? before)?.cidr}`;
  if (after !== undefined && is === 'held' && (was !== 'held' || before?.grantId !== after.grantId))
    return [{ kind: 'subnet.granted', subject, message: `was granted to ${after.nodeId}` }];
  if (after !== undefined && is === 'released' && was !== 'released')
    return [{ kind: 'subnet.released', subject, message: `was released by ${after.nodeId}, and rests` }];
  if (after !== undefined && is === 'reserved' && was !== 'reserved')
    return [{ kind: 'subnet.reserved', subject, message: `stays reserved: ${after.nodeId} was deleted` }];
  return [];
}

/** Of a tombstone that is new. Of a subnet the subnet's own key tells. */
export function departures({ before, after }: Turn<GoneRecord>): Happening[] {
  if (before !== undefined || after === undefined) return [];
  const { kind, nodeId, why } = after;
  if (kind === 'node') {
    const how = { forgotten: 'was forgotten', reclaimed: 'was silent for the whole hold-down, and is forgotten' };
    const message = why === 'forgotten' || why === 'reclaimed' ? how[why] : 'was deleted from the cluster';
    return [{ kind: 'node.deleted', subject: nodeNamed(nodeId), message }];
  }
  if (kind === 'client') {
    const subject = `client ${nodeId.replace(/^client\//, '')}`;
    const cause = why === 'expired' ? { cause: 'its time has ended' } : {};
    return [{ kind: 'client.removed', subject, message: 'may dial in no more', ...cause }];
  }
  return [];
}

/** A client that is new or other than it was; one that goes is told of by its tombstone. */
export function clientChanges({ before, after }: Turn<ClientRecord>): Happening[] {
  if (after === undefined) return [];
  const subject = `client ${after.name}`;
  if (before === undefined) return [{ kind: 'client.added', subject, message: 'may dial in' }];
  const { expires: _, schema: __, ...rest } = after;
  const { expires: ___, schema: ____, ...was } = before;
  if (JSON.stringify(rest) === JSON.stringify(was)) return [];
  const isRekeyed = before.publicKey !== after.publicKey;
  return [{ kind: 'client.changed', subject, message: isRekeyed ? 'has another key' : 'was changed' }];
}

/** Each option that has another value. */
export function networkChanges({ before, after }: Turn<NetworkRecord>): Happening[] {
  if (after === undefined) return [];
  const subject = 'network';
  if (before === undefined) return [{ kind: 'network.created', subject, message: `is there: ${after.networkId}` }];
  const [is, was] = [flat(after), flat(before)];
  return Object.entries(is).flatMap(([name, value]): Happening[] => {
    const earlier = was[name];
    if (earlier === value) return [];
    // Lists and rules are told of by their name: the list of them shows what they are.
    const short = [earlier ?? '–', value].every((text) => text.length <= 40);
    const message = short ? `${name} is ${value}, was ${earlier ?? '–'}` : `${name} was changed`;
    return [{ kind: 'network.changed', subject, message }];
  });
}

/** Ids of the replica that led and of the one that leads. */
export function leaderChange(before: string | undefined, after: string | undefined): Happening[] {
  if (before === after) return [];
  return after === undefined
    ? [{ kind: 'leader.changed', subject: `replica ${before}`, message: 'leads no more, and nobody does yet' }]
    : [{ kind: 'leader.changed', subject: `replica ${after}`, message: 'leads' }];
}

function nodeNamed(nodeId: string): string {
  return `node ${nodeId}`;
}

/** Every option by its name, as text. */
function flat(record: NetworkRecord): Record<string, string> {
  const { pools, mtu, keepaliveSec, registrationTtlSec, holdDownSec } = record;
  const all = { pools, mtu, keepaliveSec, registrationTtlSec, holdDownSec, ...optionsOf(record) };
  return Object.fromEntries(
    Object.entries(all).map(([name, value]) => [
      name,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
  );
}
