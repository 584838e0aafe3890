/** The Kubernetes manifests are what Kubernetes' schemas allow, and set only what the programs read. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DaemonSet } from 'kubernetes-models/apps/v1/DaemonSet';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { Namespace } from 'kubernetes-models/v1/Namespace';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { deployments, knownVariables } from './known-variables.ts';

const dir = join(deployments, 'kubernetes');
const manifests = (await readdir(dir)).filter((name) => name.endsWith('.yaml'));
const kinds = { DaemonSet, Deployment, Namespace };

async function read(name: string): Promise<InstanceType<(typeof kinds)[keyof typeof kinds]>[]> {
  const documents = parseAllDocuments(await readFile(join(dir, name), 'utf8'));
  return documents.map((document) => {
    const value = document.toJS() as { kind: keyof typeof kinds };
    return new kinds[value.kind](value as never);
  });
}

async function podOf(name: string) {
  const [one] = await read(name);
  if (one instanceof Namespace || one?.spec?.template.spec === undefined) throw new Error(`${name} makes no pods`);
  return { ...one.spec.template.spec, labels: one.spec.template.metadata?.labels, selector: one.spec.selector };
}

describe('the Kubernetes manifests', () => {
  it.each(manifests)('%s is as the schema says', async (name) => {
    const all = await read(name);
    expect(all.length).toBeGreaterThan(0);
    for (const one of all) expect(() => one.validate()).not.toThrow();
  });

  it('are judged by schemas that refuse what is wrong', async () => {
    const [wrong] = await read('node-manager.yaml');
    Object.assign((wrong as DaemonSet).spec?.template.spec ?? {}, { hostNetwork: 'yes' });
    expect(() => wrong?.validate()).toThrow(/hostNetwork/);
  });

  it.each(['cluster-manager', 'node-manager'] as const)('of the %s: sets what the program reads', async (program) => {
    const { containers, labels, selector } = await podOf(`${program}.yaml`);
    const [container] = containers;
    expect([containers.length, container?.args]).toEqual([1, [`${program}.cjs`]]);
    expect(labels).toMatchObject(selector.matchLabels ?? {});
    const set = (container?.env ?? []).map(({ name }) => name).filter((name) => name.startsWith('WGCNI_'));
    const known = await knownVariables(program);
    expect(set.length).toBeGreaterThan(5);
    expect(set.filter((name) => !known.has(name))).toEqual([]);
  });

  it('run the cluster-manager as nobody', async () => {
    const { securityContext, containers, initContainers = [] } = await podOf('cluster-manager.yaml');
    expect(securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 64_000 });
    for (const { securityContext: own } of [...containers, ...initContainers])
      expect(own).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
  });

  it('make the directories of the node-manager its own before it starts', async () => {
    const { initContainers = [], containers, volumes = [] } = await podOf('node-manager.yaml');
    const made = volumes.filter(({ hostPath }) => hostPath?.type === 'DirectoryOrCreate').map(({ name }) => name);
    const [first] = initContainers;
    expect(first?.command?.slice(0, 2)).toEqual(['chmod', '0700']);
    const own = (first?.volumeMounts ?? []).map(({ name }) => name);
    expect(first?.command?.slice(2)).toEqual(first?.volumeMounts?.map(({ mountPath }) => mountPath));
    // Those that it shares with the host's runtime are as that likes them.
    const mounted = containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
    expect(own).toEqual(made.filter((name) => mounted.includes(name) && name !== 'netns'));
  });

  it('mount only volumes that are there', async () => {
    for (const name of ['cluster-manager.yaml', 'node-manager.yaml']) {
      const { containers, initContainers = [], volumes = [] } = await podOf(name);
      const mounted = [...containers, ...initContainers].flatMap(({ volumeMounts = [] }) =>
        volumeMounts.map((mount) => mount.name),
      );
      expect(new Set(mounted)).toEqual(new Set(volumes.map((volume) => volume.name)));
    }
  });
});
