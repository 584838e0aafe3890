/** A client stays in the view until something that can be read says that it left; one that was cut off stays cut off. */
import { describe, expect, it } from 'vitest';
import { type ClusterView, emptyView, type NetworkPlan } from './cluster-view.ts';
import { isBarred } from './plan-clients.ts';
import { planView } from './plan-view.ts';
import type { ClientEntry, MeshSnapshot, Tombstone } from './snapshot.ts';

const network: NetworkPlan = {
  ...{ networkId: 'a'.repeat(32), pools: [], mtu: 1_420, keepaliveSec: 25, registrationTtlSec: 30, holdDownSec: 60 },
  clientPools: ['10.80.0.0/24'],
};
const self = 'self';
const laptop = (modRevision: number, change: Partial<ClientEntry> = {}): ClientEntry => ({
  ...{ name: 'laptop', publicKey: 'key-1', addresses: ['10.80.0.5'], via: null, reachable: false, modRevision },
  ...change,
});
const phone = (modRevision: number, change: Partial<ClientEntry> = {}): ClientEntry =>
  laptop(modRevision, { name: 'phone', publicKey: 'key-2', addresses: ['10.80.0.6'], ...change });
const shows = (revision: number, clients: ClientEntry[], change: Partial<MeshSnapshot> = {}): MeshSnapshot => ({
  ...{ revision, network, nodes: [], clients, draining: [], gone: [] },
  ...{ quarantined: [], quarantinedNodes: [], quarantinedClients: [], containers: [] },
  ...change,
});
const tombstone = ({ name, publicKey }: ClientEntry, modRevision: number): Tombstone => ({
  ...{ kind: 'client', why: 'deleted', nodeId: `client/${name}`, publicKey, subnets: [], modRevision },
});
const after = (...snapshots: MeshSnapshot[]): ClusterView =>
  snapshots.reduce((view, snapshot) => planView(view, snapshot, self).view, emptyView);
const shown = ({ clients = [] }: ClusterView): Record<string, string> =>
  Object.fromEntries(
    clients.map(({ name, state, publicKey, addresses }) => [name, [state, publicKey, ...addresses].join(' ')]),
  );

describe('the clients of the view', () => {
  it('are those of the store, in the order of their names', () => {
    const view = after(shows(10, [phone(6), laptop(5)]));
    expect(Object.entries(shown(view))).toEqual([
      ['laptop', 'present key-1 10.80.0.5'],
      ['phone', 'present key-2 10.80.0.6'],
    ]);
  });

  it('are taken up beside a view from before there were any', () => {
    const { clients: _, ...old } = emptyView;
    expect(shown(planView({ ...old, revision: 4 }, shows(10, [laptop(5)]), self).view)).toEqual({
      laptop: 'present key-1 10.80.0.5',
    });
  });

  it('are had by this node when they dial it alone, and by the other node when they dial that', () => {
    const view = after(shows(10, [laptop(5, { via: self }), phone(6, { via: 'n2' })]));
    expect(view.clients?.map(({ via }) => via)).toEqual([null, 'n2']);
  });

  it('stay when they are merely missing, with an alarm once', () => {
    const plan = planView(after(shows(10, [laptop(5)])), shows(11, []), self);
    expect(shown(plan.view)).toEqual({ laptop: 'unaccounted key-1 10.80.0.5' });
    expect(plan.alarms).toEqual([{ kind: 'client-unaccounted', client: 'laptop' }]);
    expect(planView(plan.view, shows(12, []), self).alarms).toEqual([]);
  });

  it('go for a tombstone of their key that is newer than their record, and the key has departed', () => {
    const view = after(shows(10, [laptop(5)]), shows(11, [], { gone: [tombstone(laptop(5), 11)] }));
    expect([shown(view), view.departed]).toEqual([{}, ['key-1']]);
  });

  it('are not moved by the tombstone of an earlier life, nor by that of another key', () => {
    const gone = [tombstone(laptop(5), 11), tombstone(phone(5), 40)];
    expect(shown(after(shows(30, [laptop(20)]), shows(41, [], { gone })))).toEqual({
      laptop: 'unaccounted key-1 10.80.0.5',
    });
  });

  it('are replaced at once by who is added under their name with another key, and the old key has departed', () => {
    const gone = [tombstone(laptop(5), 11)];
    const view = after(shows(10, [laptop(5)]), shows(12, [laptop(12, { publicKey: 'key-9' })], { gone }));
    expect([shown(view), view.departed]).toEqual([{ laptop: 'present key-9 10.80.0.5' }, ['key-1']]);
  });

  it('come back with the same key when they are added again, which has not departed then', () => {
    const gone = [tombstone(laptop(5), 11)];
    const removed = after(shows(10, [laptop(5)]), shows(11, [], { gone }));
    const view = planView(removed, shows(12, [laptop(12)], { gone }), self).view;
    expect([shown(view), view.departed]).toEqual([{ laptop: 'present key-1 10.80.0.5' }, []]);
  });

  it('leave a contested address to the newer record, and what is only remembered leaves it to what is shown', () => {
    const heir = phone(9, { addresses: ['10.80.0.5', 'fd80::6'] });
    expect(shown(after(shows(10, [laptop(5), heir])))).toEqual({
      laptop: 'present key-1',
      phone: 'present key-2 10.80.0.5 fd80::6',
    });
    expect(shown(after(shows(30, [laptop(20)]), shows(31, [heir])))).toEqual({
      laptop: 'unaccounted key-1',
      phone: 'present key-2 10.80.0.5 fd80::6',
    });
  });

  it('have ceased to be when another is shown with their key, a client or a node', () => {
    const renamed = laptop(11, { name: 'notebook' });
    expect(shown(after(shows(10, [laptop(5)]), shows(11, [renamed])))).toEqual({
      notebook: 'present key-1 10.80.0.5',
    });
    const node = { nodeId: 'n1', publicKey: 'key-1', endpoints: [], subnets: [], modRevision: 11 };
    const view = after(shows(10, [laptop(5)]), shows(11, [], { nodes: [node] }));
    expect([shown(view), view.departed]).toEqual([{}, []]);
  });

  it('keep their last good state when their record cannot be read', () => {
    const view = after(shows(10, [laptop(5)]), shows(11, [], { quarantinedClients: ['laptop', 'phone'] }));
    expect(shown(view)).toEqual({ laptop: 'quarantined key-1 10.80.0.5' });
  });
});

describe('the clients of a store that went back', () => {
  it('stay as they were known, until they are written again', () => {
    const full = after(shows(100, [laptop(90, { publicKey: 'newer' }), phone(95)]));
    const old = laptop(40);
    const back = planView(full, shows(50, [old]), self);
    expect(shown(back.view)).toEqual({ laptop: 'unaccounted newer 10.80.0.5', phone: 'unaccounted key-2 10.80.0.6' });
    const later = planView(back.view, shows(51, [old]), self).view;
    expect(shown(later)).toEqual(shown(back.view));
    const settled = planView(later, shows(53, [laptop(52, { publicKey: 'third' }), phone(53)]), self).view;
    expect(shown(settled)).toEqual({ laptop: 'present third 10.80.0.5', phone: 'present key-2 10.80.0.6' });
    expect(settled.departed).toEqual(['newer']);
  });

  it('go for a tombstone that is written since', () => {
    const back = after(shows(100, [laptop(90)]), shows(50, []));
    const view = planView(back, shows(51, [], { gone: [tombstone(laptop(0), 51)] }), self).view;
    expect([shown(view), view.departed]).toEqual([{}, ['key-1']]);
  });

  it('do not come back from before they were removed: cut off until they are written again', () => {
    const removed = after(shows(100, [laptop(90)]), shows(101, [], { gone: [tombstone(laptop(90), 101)] }));
    const barred = ({ clients = [], departed }: ClusterView) => clients.map((client) => isBarred(client, departed));
    const back = planView(removed, shows(95, [laptop(90)]), self).view;
    expect([shown(back), back.departed, barred(back)]).toEqual([
      { laptop: 'unaccounted key-1 10.80.0.5' },
      ['key-1'],
      [true],
    ]);
    const later = planView(back, shows(97, [laptop(90), phone(97, { addresses: ['10.80.0.5'] })]), self).view;
    expect([shown(later), barred(later)]).toEqual([
      { laptop: 'unaccounted key-1', phone: 'present key-2 10.80.0.5' },
      [true, false],
    ]);
    const added = planView(back, shows(98, [laptop(98)]), self).view;
    expect([shown(added), added.departed, barred(added)]).toEqual([{ laptop: 'present key-1 10.80.0.5' }, [], [false]]);
  });

  it('are taken up when nothing is known against them, as unaccounted', () => {
    const view = after(shows(100, []), shows(50, [laptop(40)]));
    expect([shown(view), view.departed]).toEqual([{ laptop: 'unaccounted key-1 10.80.0.5' }, []]);
  });
});
