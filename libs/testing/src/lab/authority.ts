/** The authority of one lab: it certifies each of its processes, whoever looks at etcd, and the operator. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Secret } from '@wgcni/base';
import {
  checkCredentials,
  type CredentialPaths,
  type CredentialSource,
  formatIdentity,
  type Identity,
} from '@wgcni/pki';
import { type CertificateRequest, TestAuthority, writeCredentials } from '../pki/test-authority.ts';
import {
  authorityPaths,
  credentialsOf,
  etcdctlName,
  memberName,
  operatorFile,
  operatorName,
  operatorVariables,
} from './credentials.ts';
import type { LabPlan } from './plan.ts';

/** Longer than any lab is up. */
const lifeMs = 30 * 86_400_000;

export class LabAuthority {
  readonly #plan: LabPlan;
  readonly #authority: TestAuthority;

  private constructor(plan: LabPlan, authority: TestAuthority) {
    this.#plan = plan;
    this.#authority = authority;
  }

  /** A new one, and certificates of it for everybody of the plan. */
  static async create(plan: LabPlan, validForMs = lifeMs): Promise<LabAuthority> {
    const made = new LabAuthority(plan, await TestAuthority.create(`lab ${plan.name}`));
    await made.issueAll(validForMs);
    await made.write(operatorName, { uris: [made.#uriOf({ kind: 'operator', role: 'admin', name: operatorName })] });
    await made.#writeAuthority();
    await writeFile(operatorFile(plan), operatorVariables(plan), { mode: 0o600 });
    return made;
  }

  /** Its own files, for cluster-managers that issue from it. */
  async #writeAuthority(): Promise<void> {
    const { cert, key, trusted } = authorityPaths(this.#plan);
    const files = await this.#authority.files();
    await mkdir(dirname(key), { recursive: true, mode: 0o700 });
    for (const path of [cert, trusted]) await writeFile(path, files.cert, { mode: 0o600 });
    await writeFile(key, files.key, { mode: 0o600 });
  }

  /** PEM of its own certificate. */
  get ca(): string {
    return this.#authority.ca;
  }

  /** For every process of the plan, and for who looks at etcd, in place of those that they have. */
  async issueAll(validForMs = lifeMs): Promise<void> {
    const { etcd, managers, nodes, control } = this.#plan;
    await Promise.all([
      ...etcd.map(({ name, address }) =>
        this.write(name, { commonName: memberName, addresses: [address], validForMs }),
      ),
      ...managers.map(({ id, address }) => {
        const uris = [this.#uriOf({ kind: 'manager', replicaId: id })];
        return this.write(id, { uris, addresses: [address], validForMs });
      }),
      ...nodes.map(({ id }) => this.issueNode(id, validForMs)),
      // The user that etcd lets do everything.
      this.write(etcdctlName, { commonName: 'root', addresses: [control.v4], validForMs }),
    ]);
  }

  /** For a node, also for one that the plan has not. */
  issueNode(nodeId: string, validForMs = lifeMs): Promise<CredentialPaths> {
    return this.write(nodeId, { uris: [this.#uriOf({ kind: 'node', nodeId })], addresses: [], validForMs });
  }

  /** A certificate where `credentialsOf` says for that name. */
  async write(name: string, request: CertificateRequest): Promise<CredentialPaths> {
    const issued = await this.#authority.issue({ validForMs: lifeMs, ...request });
    return writeCredentials(credentialsOf(this.#plan, name), { ...issued, ca: this.ca });
  }

  /** Credentials of a node that is no process, in memory alone. */
  async nodeCredentials(nodeId: string): Promise<CredentialSource> {
    const uris = [this.#uriOf({ kind: 'node', nodeId })];
    const { cert, key } = await this.#authority.issue({ uris, addresses: [], validForMs: lifeMs });
    const current = checkCredentials(
      { use: 'tls', cert: `certificate of ${nodeId}`, key: 'its key', ca: 'its authority' },
      { cert, key: new Secret(key), ca: this.ca },
    );
    return { current, onChange: () => () => {} };
  }

  #uriOf(identity: WithoutCluster<Identity>): string {
    return formatIdentity({ ...identity, cluster: this.#plan.cluster });
  }
}

type WithoutCluster<T> = T extends Identity ? Omit<T, 'cluster'> : never;
