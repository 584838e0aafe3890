/** The CNI's verbs on one node, each answered by its error code, 0 for success. */
import { addContainerNetns, callPlugin, type ContainerPlan, type Lab, type NodePlan } from '@wgcni/testing';

export interface Answer {
  /** CNI error code; 0: it succeeded. */
  code: number;
  msg: string;
  /** Addresses of an ADD's result, without prefix length. */
  addresses: string[];
  result: object;
}

export class Verbs {
  readonly #lab: Lab;
  readonly #node: NodePlan;

  constructor(lab: Lab, node: NodePlan) {
    this.#lab = lab;
    this.#node = node;
  }

  /** ADD into a namespace that is made for it when it is new. */
  async add(container: ContainerPlan): Promise<Answer> {
    await addContainerNetns(container).catch(() => undefined);
    return this.#call('ADD', container);
  }

  delete(container: ContainerPlan): Promise<Answer> {
    return this.#call('DEL', container);
  }

  check(container: ContainerPlan, prevResult: object): Promise<Answer> {
    return this.#call('CHECK', container, { prevResult });
  }

  status(): Promise<Answer> {
    return this.#call('STATUS', undefined, { cniVersion: '1.1.0' });
  }

  async #call(
    command: 'ADD' | 'DEL' | 'CHECK' | 'STATUS',
    container: ContainerPlan | undefined,
    config = {},
  ): Promise<Answer> {
    const about = container === undefined ? {} : { container };
    const { exitCode, stdout } = await callPlugin(this.#lab.programs.plugin, {
      ...{ command, node: this.#node, config },
      ...about,
    });
    const result = (stdout === '' ? {} : JSON.parse(stdout)) as { code?: number; msg?: string; details?: string } & {
      ips?: { address: string }[];
    };
    return {
      code: exitCode === 0 ? 0 : (result.code ?? -1),
      msg: `${result.msg ?? ''} ${result.details ?? ''}`,
      addresses: (result.ips ?? []).map(({ address }) => address.replace(/\/.*/, '')),
      result,
    };
  }
}
