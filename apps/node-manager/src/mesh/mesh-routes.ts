/** Writes the link of the mesh and the routes into it, and remembers what it wrote: what differs from that was somebody else's doing. */
import { type Clock, type Log, messageOf } from '@wgcni/base';
import type { IpRoute, KernelState, Sysctl } from '@wgcni/iproute';
import { meshDevice } from '../node-view.ts';
import type { RepairBook } from '../repair/repair-book.ts';
import { kernelAfter, kernelRepairs, type WrittenKernel } from '../repair/written-kernel.ts';
import { isMeshRoute, type MeshPlan } from './plan-mesh.ts';

export interface MeshRoutesDeps {
  iproute: Pick<IpRoute, 'apply'>;
  sysctl: Sysctl;
  clock: Pick<Clock, 'monotonicMs'>;
  log: Log;
  repairs: Pick<RepairBook, 'due' | 'made'>;
}

const ours = { device: meshDevice, isOurRoute: isMeshRoute };
const ipv6Switch = `net.ipv6.conf.${meshDevice}.disable_ipv6`;

export class MeshRoutes {
  readonly #deps: MeshRoutesDeps;
  #changedAtMs = -Infinity;
  /** What this process wrote, its only writer. */
  #written: WrittenKernel | undefined;

  constructor(deps: MeshRoutesDeps) {
    this.#deps = deps;
  }

  /** Milliseconds since we last changed the link or its routes. */
  get sinceChangeMs(): number {
    return this.#deps.clock.monotonicMs() - this.#changedAtMs;
  }

  /** Whether the device carries IPv6. */
  async carryIpv6(): Promise<boolean> {
    return (await this.#deps.sysctl.read(ipv6Switch)) !== '1';
  }

  /** The device is made anew: what is there then counts as ours. */
  forget(): void {
    this.#written = undefined;
  }

  /** Makes the planned changes of what was observed, but for those of what is contested; throws when the kernel refuses them. */
  async apply({ kernel: planned, refused }: MeshPlan, observed: KernelState, hasIpv6: boolean): Promise<void> {
    const { iproute, sysctl, log, repairs } = this.#deps;
    for (const one of refused) log.warn(one, 'mesh.route-refused');
    const mending = kernelRepairs(this.#written, observed, planned, ours);
    const changes = repairs.due(planned, mending);
    this.#written = kernelAfter(this.#written, observed, [], ours);
    if (changes.length === 0) return;
    // Packets of IPv6 are dropped on a device where it is disabled, address or not.
    if (!hasIpv6) await sysctl.write({ [ipv6Switch]: '0' });
    try {
      await iproute.apply(changes, undefined);
      this.#written = kernelAfter(this.#written, observed, changes, ours);
      this.#changedAtMs = this.#deps.clock.monotonicMs();
      log.info({ changes: changes.length }, 'mesh.routes-changed');
      repairs.made(changes, mending);
    } catch (error) {
      log.warn({ why: messageOf(error) }, 'mesh.routes-refused');
      throw error;
    }
  }
}
