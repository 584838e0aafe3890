/** Keeps the node's side equal to the view and the records. */
import type { NodeView } from '../node-view.ts';
import { type Core, desiredPods } from './core.ts';
import { keepNodeEnds } from './links/veth/keep-node-ends.ts';
import { adopt } from './recognise.ts';

/** Takes a new view: what it no longer grants is withdrawn from the kernel, nothing is renumbered, and nothing waits for an attachment's lock. */
export async function takeView(core: Core, view: NodeView): Promise<void> {
  const holders = [...core.register.all(), ...core.joined.all()];
  core.ledger.hold(
    view.grants.map(({ cidr }) => cidr),
    // FENCE: what is held back is given back later: nobody may have got it by then, be the subnet lost and granted again.
    [...holders.flatMap(({ addresses }) => addresses), ...core.heldBack.all()],
  );
  const isLower = core.view !== undefined && view.mtu < core.view.mtu;
  core.view = view;
  // ORDER: containers send less before their path takes less; where the MTU rises, the paths of all nodes rise before containers send more.
  if (isLower) core.mtuFalls.give();
  await reconcile(core);
}

/** Makes the node's side right by delta and adopts what has no record; nothing before the first view. */
export async function reconcile(core: Core): Promise<void> {
  const { view } = core;
  const { timed = (work) => work() } = core.deps;
  if (view !== undefined) await timed(() => reconcileTo(core, view));
}

async function reconcileTo(core: Core, view: NodeView): Promise<void> {
  core.isUnsettled = true;
  const unknown = await core.pods.reconcile(view, () => desiredPods(core));
  for (const peer of unknown) await adopt(core, peer);
  // ORDER: after the pods device, which has the addresses that the node speaks from.
  await keepNodeEnds(core);
  core.isUnsettled = false;
  core.isAccounted = true;
}
