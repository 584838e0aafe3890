/** A machine as its node-manager sees it: a wall clock that the test sets while it runs, and boots that it counts. */
import { rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Lab, NodePlan } from '@wgcni/testing';
import { expect } from 'vitest';
import { movedClock } from '../faketime.ts';

export class Machine {
  readonly #lab: Lab;
  readonly #node: NodePlan;
  #boots = 0;

  constructor(lab: Lab, node: NodePlan) {
    this.#lab = lab;
    this.#node = node;
  }

  /** Moves the wall clock of the node-manager against the true time, in seconds; it sees that at once. */
  async setWallClock(offsetSec: number): Promise<void> {
    const aside = this.#path('wall-clock.new');
    await writeFile(aside, `${offsetSec < 0 ? '' : '+'}${offsetSec}\n`);
    await rename(aside, this.#path('wall-clock'));
  }

  /** Ends the node-manager and starts it again in the same boot, or in the one that `reboot` began. */
  async restart(flags: string[] = []): Promise<void> {
    await this.off();
    if (this.#boots === 0) this.#lab.startNode(this.#node, flags, this.#environment());
    else this.#lab.startNodeInBoot(this.#node, this.#path('boot-id'), flags, this.#environment());
  }

  /** Ends the node-manager and starts it in what it takes for another boot; devices and namespaces stay, which is the harder case. */
  async reboot(): Promise<void> {
    await this.off();
    this.#boots += 1;
    await writeFile(this.#path('boot-id'), `00000000-0000-4000-8000-${String(this.#boots).padStart(12, '0')}\n`);
    await this.restart();
  }

  /** Ends the node-manager, when it runs. */
  async off(): Promise<void> {
    const old = this.#lab.process(this.#node.id);
    old.kill('SIGKILL');
    expect(await old.ended(5_000)).toBe(true);
  }

  #path(name: string): string {
    return join(dirname(this.#node.dataDir), name);
  }

  #environment(): Record<string, string> {
    return movedClock(this.#path('wall-clock'));
  }
}
