/** This machine's underlay as the flags and the kernel have it now. */
import type { IpRoute } from '@wgcni/iproute';
import type { Config } from '../config.ts';
import type { ViewKeeper } from '../view/view-keeper.ts';
import { findUnderlay, type Underlay } from './endpoints.ts';

/** Throws what reading the kernel throws. */
export async function ownUnderlay(
  { endpoints, underlay, meshPort }: Pick<Config, 'endpoints' | 'underlay' | 'meshPort'>,
  keeper: Pick<ViewKeeper, 'nodeView'>,
  iproute: Pick<IpRoute, 'observe'>,
): Promise<Underlay> {
  const pools = keeper.nodeView?.pools ?? [];
  return findUnderlay({ said: endpoints, underlay, meshPort, pools }, await iproute.observe(undefined));
}
