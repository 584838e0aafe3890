/** Bugs of a node: its view, its disk, its attachments, its kernel and the plugin, in the order of the design. */
import type { PlantedBug } from '../planted-bug.ts';
import { unit, unitTestsOf } from './catchers.ts';

const home = 'apps/node-manager/src';
const viewing = unitTestsOf(`${home}/view/plan-view.test.ts`);
const restarting = unitTestsOf(`${home}/attachments/restart.test.ts`);
const replacing = unitTestsOf('libs/base/src/replace-file.test.ts');

export const nodeBugs: readonly PlantedBug[] = [
  {
    name: 'absence-is-deletion',
    promise: '§4.6 absence is not a deletion',
    does: 'drops a node that the store does not show, tombstone or not',
    catchers: [viewing('keeps a node that is merely missing', 'keeps everything when the store was emptied')],
  },
  {
    name: 'older-tombstone-believed',
    promise: '§4.6 a peer goes only for a cause in its own life',
    does: 'buries a node by a tombstone from before it came back',
    catchers: [viewing('is not moved by the tombstone of an earlier life')],
  },
  {
    name: 'strangers-lose-their-peer',
    promise: '§4.6 what is not accounted for stays programmed',
    does: 'removes a peer of the mesh device that nobody accounts for',
    catchers: [unit(`${home}/mesh/plan-mesh.test.ts`, 'leaves a peer that nobody accounts for, with its routes')],
  },
  {
    name: 'file-without-fsync',
    promise: '§4.7 a record is on disk before the kernel knows it',
    does: 'renames a file into its place before its content is on disk',
    catchers: [replacing('is on disk whole before it takes its place')],
  },
  {
    name: 'directory-without-fsync',
    promise: '§4.7 a record is on disk before the kernel knows it',
    does: 'goes on before the name of a replaced file is on disk',
    catchers: [replacing('is on disk whole before it takes its place')],
  },
  {
    name: 'removal-without-fsync',
    promise: '§4.7 an address is free once the disk has forgotten it',
    does: 'goes on before the removal of a file is on disk',
    catchers: [replacing('is gone from the disk before the caller goes on')],
  },
  {
    name: 'kernel-before-record',
    promise: '§4.7 a record is on disk before the kernel knows it',
    does: 'makes peer and device before anything of the attachment is on disk',
    catchers: [restarting('at any step of an ADD over wireguard leaves nothing of it, or all of it')],
  },
  {
    name: 'address-freed-before-the-kernel-forgot',
    promise: '§4.7 an address is freed after the kernel forgot it',
    does: 'frees the address before device and peer are gone',
    catchers: [unit(`${home}/attachments/life.test.ts`, 'keeps the address while devices.remove fails')],
  },
  {
    name: 'freed-address-given-at-once',
    promise: '§4.7 freed addresses are reused oldest first',
    does: 'gives an address that was just freed before one that never was given',
    catchers: [
      unit(`${home}/attachments/life.test.ts`, 'is given again only after every other'),
      unit('libs/ipam/src/longest-unused.prop.test.ts', 'equals a plain list of free numbers'),
    ],
  },
  {
    name: 'fence-at-whole-hold-down',
    promise: '§4.11 no address is given at two thirds of the hold-down without contact',
    does: 'gives out addresses until the very end of the hold-down',
    catchers: [unit(`${home}/registration/contact.test.ts`, 'begins at two thirds of the hold-down without contact')],
  },
  {
    name: 'clock-that-went-back-believed',
    promise: '§4.11 a wall clock that went back means fenced until contact',
    does: 'counts the silence on a wall clock that went back',
    catchers: [unit(`${home}/registration/contact.test.ts`, 'cannot be told when the wall clock went back, also')],
  },
  {
    name: 'foreign-network-believed',
    promise: '§4.15 a node refuses another network than its own',
    does: 'takes over the network that it finds in the store',
    catchers: [viewing('refuses another network whole')],
  },
  {
    name: 'inode-is-life',
    promise: '§5 an attachment lives while its device lives',
    does: 'takes a namespace of the same inode for the life of the container',
    catchers: [unit(`${home}/attachments/life.test.ts`, 'same inode for no sign of life')],
  },
  {
    name: 'dead-process-is-death',
    promise: '§5 an attachment whose process died keeps its address',
    does: 'takes the death of a userspace process for the death of the container',
    catchers: [
      unit(`${home}/attachments/free-dead.test.ts`, 'keeps its address however long its device cannot be made anew'),
    ],
  },
  {
    name: 'hidden-path-is-death',
    promise: '§5 an attachment lives while its port is bound',
    does: 'takes a namespace that cannot be entered for the death of the container',
    catchers: [restarting('is kept while its port is still bound')],
  },
  {
    name: 'most-die-at-once',
    promise: '§5 nothing is freed when more than half seems dead',
    does: 'frees however many attachments seem dead',
    catchers: [restarting('together with more than half of all is kept, with an alarm')],
  },
  {
    name: 'stale-deletion-replayed',
    promise: '§5 a queued DEL older than the attachment is dropped',
    does: 'obeys a queued deletion whatever was attached since',
    catchers: [unit(`${home}/queue/deletion-queue.test.ts`, 'that is older than the attachment is dropped')],
  },
  {
    name: 'deletion-forgotten-before-done',
    promise: '§5 a queued DEL stays until it is carried out',
    does: 'removes the entry of a queued deletion before the deletion',
    catchers: [unit(`${home}/queue/deletion-queue.test.ts`, 'that fails waits, and holds up no other')],
  },
  {
    name: 'queued-deletion-without-fsync',
    promise: '§5 a queued DEL is fsynced and renamed',
    does: 'renames the entry into the queue before its content is on disk',
    catchers: [unit('apps/cni/src/queue-durability.test.ts', 'is on disk whole before it is an entry')],
  },
  {
    name: 'queued-deletion-without-directory-fsync',
    promise: '§5 a queued DEL is on disk before DEL answers',
    does: 'answers DEL before the name of the entry is on disk',
    catchers: [unit('apps/cni/src/queue-durability.test.ts', 'is on disk whole before it is an entry')],
  },
  {
    name: 'container-side-first',
    promise: '§6 the node side is configured first',
    does: "makes the container's device before the node has its peer",
    catchers: [
      unit(`${home}/attachments/attach.test.ts`, 'configures the node side before the container has a device'),
    ],
  },
  {
    name: 'containers-reach-the-managers',
    promise: 'containers cannot reach etcd or the managers',
    does: 'accepts what containers send on before it drops what goes to the control plane',
    catchers: [
      unit(`${home}/host/plan-chains.test.ts`, 'are dropped for containers before anything of theirs is accepted'),
    ],
  },
  {
    name: 'veth-sends-as-anybody',
    promise: 'a container sends from its own addresses alone (decision 0008)',
    does: 'lets a container with a veth send from any address that the node has a way to',
    catchers: [unit(`${home}/host/plan-chains.test.ts`, 'lets nothing in that its container has not the address of')],
  },
  {
    name: 'what-stands-goes-on',
    promise: 'a rule that is taken away ends what it allowed',
    does: 'lets every packet pass of a connection that was allowed once',
    catchers: [unit(`${home}/policy/plan-table.prop.test.ts`, 'lets pass what may, drops the rest')],
  },
  {
    name: 'port-that-was-asked-for',
    promise: 'a rule speaks of the port that answers, behind a published one too',
    does: 'judges a connection by the port that it asked for',
    catchers: [unit(`${home}/policy/plan-table.test.ts`, 'judges a port by where the connection is really answered')],
  },
  {
    name: 'any-opens-the-node',
    promise: "a node's own services are open only to who is let to them by name",
    does: "lets a rule to anybody open the node's own services",
    catchers: [unit(`${home}/policy/plan-table.prop.test.ts`, 'lets pass what may, drops the rest')],
  },
  {
    name: 'counters-begin-anew',
    promise: 'counters live as long as their rule',
    does: 'makes every counter anew when any rule changes',
    catchers: [unit('libs/iproute/src/nft/plan-transaction.test.ts', 'leaves a counter that stays alone')],
  },
  {
    name: 'gc-null-is-unspecified',
    promise: 'CNI 1.1 GC: null says that no attachment is valid',
    does: 'takes null for a list that did not come, and removes nothing',
    catchers: [unit('libs/cni/src/valid-attachments.test.ts', 'takes null for "none is valid"')],
  },
];
