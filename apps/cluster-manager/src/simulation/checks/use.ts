/** No machine may give out addresses of a subnet that another node was granted: it was fenced before that could happen. */
import type { GoneRecord } from '@wgcni/store';
import type { Change, Ledger } from '../ledger.ts';
import type { NodeMachine } from '../node-machine.ts';
import type { Accuse } from './violation.ts';

export class UseCheck {
  readonly #ledger: Ledger;
  readonly #machines: readonly NodeMachine[];
  readonly #accuse: Accuse;
  /** Nodes that an operator forgot: by that word they lost their subnets before they were fenced. */
  readonly #forgotten = new Set<string>();

  constructor(ledger: Ledger, machines: readonly NodeMachine[], accuse: Accuse) {
    this.#ledger = ledger;
    this.#machines = machines;
    this.#accuse = accuse;
  }

  /** At a commit: nobody else may still use what is granted. */
  look(changes: readonly Change[], tombstones: readonly GoneRecord[], nowMs: number): void {
    for (const { why, nodeId } of tombstones) if (why === 'forgotten') this.#forgotten.add(nodeId);
    for (const change of changes) {
      if (change.family !== 'subnet' || change.after?.state !== 'held') continue;
      const { cidr, nodeId } = change.after;
      if (change.before?.nodeId === nodeId && change.before.state === 'held') continue;
      for (const machine of this.#machines) {
        if (machine.nodeId === nodeId || this.#forgotten.has(machine.nodeId)) continue;
        if (machine.usable(nowMs).includes(cidr))
          this.#accuse(
            'no use after another grant',
            `${cidr} was granted to ${nodeId} while ${machine.name} may use it`,
          );
      }
    }
  }

  /** At an answer: what the machine may use from now is nobody else's. */
  touched(machine: NodeMachine, nowMs: number): void {
    this.#forgotten.delete(machine.nodeId);
    const usable = new Set(machine.usable(nowMs));
    for (const { cidr, nodeId, state } of this.#ledger.subnets.values()) {
      if (state === 'held' && nodeId !== machine.nodeId && usable.has(cidr))
        this.#accuse('no use after another grant', `${machine.name} may use ${cidr}, which ${nodeId} holds`);
    }
  }
}
