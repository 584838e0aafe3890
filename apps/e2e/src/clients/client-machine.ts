/** A client's machine: plain wg-quick, wg and ip in a namespace outside the cluster, with nothing of ours on it. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  addOutside,
  moveOutside,
  ping,
  planOutsideLink,
  planOutside,
  type OutsideLink,
  type LabPlan,
  type OutsideMachine,
  type Path,
  type Place,
} from '@wgcni/testing';
import { execa } from 'execa';
import { inside } from '../inside.ts';

export class ClientMachine {
  readonly place: OutsideMachine;
  /** The wg-quick configuration, whose name is the link's. */
  readonly file: string;
  readonly device: string;
  readonly #plan: LabPlan;
  #link: OutsideLink;

  private constructor(plan: LabPlan, n: number) {
    this.#plan = plan;
    this.place = planOutside(plan, n);
    this.#link = this.place.link;
    // Names of userspace devices are the machine's, whatever the namespace.
    this.device = `${plan.name}k${n}`;
    this.file = join(plan.dir, `${this.device}.conf`);
  }

  /** Machine `n` of the lab, on the underlay and without any tunnel. */
  static async add(plan: LabPlan, n: number): Promise<ClientMachine> {
    const machine = new ClientMachine(plan, n);
    await addOutside(plan, machine.place);
    return machine;
  }

  get netnsPath(): string {
    return this.place.netnsPath;
  }

  /** Puts a configuration where `wg-quick` of this machine looks for it. */
  async write(text: string): Promise<void> {
    await writeFile(this.file, text, { mode: 0o600 });
    await chmod(this.file, 0o600);
  }

  /** Brings the tunnel up as the file says. */
  async up(): Promise<void> {
    await inside(this.netnsPath, ['wg-quick', 'up', this.file]);
  }

  async down(): Promise<void> {
    await inside(this.netnsPath, ['wg-quick', 'down', this.file]);
  }

  /** Goes on to place `n` of the underlay, where there is nobody. */
  async roam(n: number): Promise<void> {
    const next = planOutsideLink(this.#plan, n);
    await moveOutside(this.#plan, this.place.netns, this.#link, next);
    this.#link = next;
  }

  /** One column of `wg show`, such as `latest-handshakes`: by public key. */
  async show(column: string): Promise<Map<string, string>> {
    const { stdout } = await execa('wg', ['show', this.device, column]);
    return new Map(
      stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split('\t'))
        .map(([key = '', ...values]) => [key, values.join('\t')]),
    );
  }

  /** Pings every address of every place; those that nobody answers have no round-trip time. */
  async reach(places: readonly Place[], count = 2): Promise<Path[]> {
    const paths = places.flatMap(({ id, addresses }) =>
      addresses.map(async (address): Promise<Path> => {
        return { from: this.device, to: id, address, roundTripMs: await ping(this.netnsPath, address, { count }) };
      }),
    );
    return Promise.all(paths);
  }
}
