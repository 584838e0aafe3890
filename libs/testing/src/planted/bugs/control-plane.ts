/** Bugs of those who grant: the store, the leader and the cluster-manager, in the order of the design. */
import type { PlantedBug } from '../planted-bug.ts';
import { int, unit, unitTestsOf } from './catchers.ts';

const home = 'apps/cluster-manager/src';
const fences = unitTestsOf(`${home}/registry/fences.test.ts`);
const registering = unitTestsOf(`${home}/registry/register.test.ts`);
const silence = unitTestsOf(`${home}/reclaim/reclaimer.test.ts`);
const leading = unitTestsOf('libs/store/src/session/election.test.ts');

export const controlPlaneBugs: readonly PlantedBug[] = [
  {
    name: 'grant-in-two-transactions',
    promise: '§4.1 all families and the record together or none',
    does: 'writes the subnets first, then the record of the node and its registration',
    catchers: [fences('is in the store with all its families and its record at one revision')],
  },
  {
    name: 'grant-without-subnet-compare',
    promise: '§4.1 one subnet, one node',
    does: 'grants a subnet without comparing that its key is as it was planned upon',
    catchers: [fences('leaves a subnet to whom it was granted meanwhile')],
  },
  {
    name: 'grant-without-node-compare',
    promise: '§4.1 no unconditional write of a record',
    does: 'registers without comparing that the record of the node is as it was planned upon',
    catchers: [fences('keeps what was written to the record of the node meanwhile')],
  },
  {
    name: 'write-without-leader-compare',
    promise: '§4.2 a deposed leader writes nothing',
    does: 'commits what the leader decides without comparing the leader key',
    catchers: [fences('a leader that is deposed between plan and commit writes nothing')],
  },
  {
    name: 'leader-by-another-lease',
    promise: '§4.2 only a key that carries our own lease is ours',
    does: 'takes the leader key that it finds for its own',
    catchers: [leading('has one leader, whom the others see')],
  },
  {
    name: 'leader-trusts-receipt',
    promise: '§4.3 a leader counts from the send time of its keep-alive',
    does: 'counts the lease from when the answer came',
    catchers: [leading('is believed in from when a keep-alive was sent')],
  },
  {
    name: 'late-term-untold',
    promise: '§4.3 what only a leader does is done as soon as it may believe in its term',
    does: 'tells nobody that a term can be believed in which could not at first',
    catchers: [leading('tells that it is believed in again after its process stood still')],
  },
  {
    name: 'leader-trusts-whole-ttl',
    promise: '§4.3 a leader stops believing at two thirds of its TTL',
    does: 'believes in the lease until its very end',
    catchers: [leading('is believed in for two thirds of its TTL')],
  },
  {
    name: 'unknown-is-failure',
    promise: '§4.4 unknown is settled by the same transaction',
    does: 'takes a lost answer for a conflict and plans again, with a new grant id',
    catchers: [registering('is told that the outcome is unknown when the store stays away')],
  },
  {
    name: 'unknown-is-success',
    promise: '§4.4 unknown is settled by the same transaction',
    does: 'takes a lost answer for a commit',
    catchers: [unit('libs/store/src/transact-until-known.test.ts', 'commits once when only requests are lost')],
  },
  {
    name: 'reclaim-without-registration-compare',
    promise: '§4.5 reclaim compares that no registration exists',
    does: 'takes a node out, or frees what is reserved for it, without comparing its registration',
    catchers: [fences('is not forgotten', 'is not reclaimed', 'keeps what is reserved for it')],
  },
  {
    name: 'no-mass-silence-stop',
    promise: '§4.5 nothing is reclaimed while more than half is silent',
    does: 'reclaims however many nodes are silent',
    catchers: [silence('keeps everything while more than half of the nodes are silent')],
  },
  {
    name: 'silence-across-terms',
    promise: '§4.5 silence is only what one leader measured itself',
    does: 'measures between readings of two terms of leadership',
    catchers: [unit('libs/ipam/src/silence.test.ts', 'two terms', 'does not grow across terms')],
  },
  {
    name: 'silence-outlives-registration',
    promise: '§4.5 registering clears the silence',
    does: 'goes on from the silence that was measured before the node was heard again',
    catchers: [silence('begins its hold-down anew when it was heard for a moment')],
  },
  {
    name: 'two-nodes-of-one-key',
    promise: '§4.9 a public key belongs to one node',
    does: 'registers a node with the public key of another',
    catchers: [registering('is refused for a key that another claims')],
  },
  {
    name: 'forwarded-again-and-again',
    promise: '§4.9 a request is forwarded once',
    does: 'passes a forwarded request on to whom it takes for the leader',
    catchers: [unit(`${home}/routes/leader-only.test.ts`, 'is refused, not forwarded again')],
  },
  {
    name: 'two-instances-of-one-node',
    promise: '§4.10 one node id, one instance',
    does: 'registers another instance while the first one lives',
    catchers: [registering('is refused while another instance lives, unless it takes over')],
  },
  {
    name: 'recovery-grants-new-subnets',
    promise: '§4.15 a store that lost history grants only what nodes claim',
    does: 'grants new subnets while nodes are still claiming theirs',
    catchers: [unit(`${home}/registry/recovery.test.ts`, 'is noticed by a replica that follows it')],
  },
  {
    name: 'watch-without-relist',
    promise: '§4.15 a broken watch relists',
    does: 'watches on from where it broke off',
    catchers: [unit('libs/store/src/watch/reflector.test.ts', 'lists again when what it missed was compacted')],
  },
  {
    name: 'created-moves-the-watch',
    promise: '§4.15 a watch counts only what it has delivered',
    does: 'takes the revision of the reply "created" for delivered',
    catchers: [
      unit('libs/store/src/etcd/watch-stream.test.ts', 'takes the reply that it is open for a sign of life'),
      int(
        'libs/store/src/etcd/etcd-store.int.test.ts',
        'tells a watcher of no revision before it has shown everything up to it',
      ),
    ],
  },
  {
    name: 'renewal-without-the-read',
    promise: '§5 a renewal reads what it rests on after the keep-alive',
    does: 'answers a renewal once the lease is kept alive',
    catchers: [fences('is refused when the registration goes between its first look and the keep-alive')],
  },
  {
    name: 'released-subnet-does-not-rest',
    promise: '§5 a released subnet rests before it is granted again',
    does: 'frees a released subnet at once',
    catchers: [unit('libs/ipam/src/plan-reclaim.test.ts', 'is over for released subnets only, exactly after its time')],
  },
];
