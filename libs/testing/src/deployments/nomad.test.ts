/** The Nomad jobs are HCL, and what they name is there: services, networks, variables, programs. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from './parse-hcl.ts';
import { deployments, knownVariables } from './known-variables.ts';

const dir = join(deployments, 'nomad');
const files = (await readdir(dir)).filter((name) => name.endsWith('.hcl'));

/** A block of HCL: its attributes, and the blocks inside it by kind (and label), each as a list. */
interface Task {
  driver: string;
  config: { image?: string; args?: string[]; command?: string }[];
  env: Record<string, string>[];
  template: { destination: string; data: string; perms?: string }[];
}
interface Group {
  count?: number;
  network?: { mode?: string; port?: Record<string, unknown> }[];
  service?: { name: string; provider: string; port: string; address_mode?: string }[];
  task: Record<string, Task[]>;
}
interface Job {
  type: string;
  group: Record<string, Group[]>;
}

async function jobIn(file: string): Promise<Job> {
  const text = await readFile(join(dir, file), 'utf8');
  const { job } = (await parse(file, text)) as { job: Record<string, Job[]> };
  const [[only] = []] = Object.values(job);
  if (only === undefined || Object.keys(job).length !== 1) throw new Error(`${file} is not one job`);
  return only;
}

async function groupIn(file: string): Promise<{ job: Job; group: Group; task: Task }> {
  const job = await jobIn(file);
  const [[group] = []] = Object.values(job.group);
  const [[task] = []] = Object.values(group?.task ?? {});
  if (group === undefined || task === undefined) throw new Error(`${file} has no task`);
  return { job, group, task };
}

describe('the Nomad jobs', () => {
  it('are read by a parser that refuses what is wrong', async () => {
    expect(files.length).toBe(3);
    await expect(parse('wrong.hcl', 'job "a" { group }')).rejects.toThrow();
  });

  it.each(['cluster-manager', 'node-manager'] as const)('%s sets what the program reads', async (program) => {
    const { task } = await groupIn(`${program}.nomad.hcl`);
    const inFiles = task.template.flatMap(({ data }) =>
      [...data.matchAll(/(WGCNI_[A-Z_]+)=/g)].map(([, name]) => name),
    );
    const set = [...Object.keys(task.env[0] ?? {}), ...inFiles];
    const known = await knownVariables(program);
    expect(set.length).toBeGreaterThan(4);
    expect(set.filter((name) => !known.has(name ?? ''))).toEqual([]);
    const { args = [] } = task.config[0] ?? {};
    expect(args.at(-1)).toMatch(new RegExp(`${program}\\.cjs$`));
  });

  it('let nodes find cluster-managers by the service that these register', async () => {
    const managers = await groupIn('cluster-manager.nomad.hcl');
    const nodes = await groupIn('node-manager.nomad.hcl');
    const [service] = managers.group.service ?? [];
    expect(service).toMatchObject({ provider: 'nomad', port: 'rest' });
    expect(managers.group.network?.[0]?.port).toHaveProperty('rest');
    expect(nodes.job.type).toBe('system');
    expect(nodes.task.template[0]?.data).toContain(`nomadService "${service?.name}"`);
    // An empty list would stop every node-manager at its next start.
    expect(nodes.task.template[0]).toMatchObject({ change_mode: 'noop' });
    expect(nodes.task.template[0]?.data).toContain('{{ else }}${var.managers}{{ end }}');
  });

  it('start the node-manager that a release installs', async () => {
    const { task } = await groupIn('node-manager.nomad.hcl');
    const unit = await readFile(join(deployments, 'systemd/wgcni-node-manager.service'), 'utf8');
    const { command, args = [] } = task.config[0] ?? {};
    expect(unit).toContain(`ExecStart=${[command, ...args].join(' ')}\n`);
  });

  it('hand the key of the authority to the cluster-manager alone', async () => {
    const { task, job } = await groupIn('cluster-manager.nomad.hcl');
    const key = task.template.find(({ destination }) => destination === 'secrets/authority.key');
    expect(key).toMatchObject({ perms: '600', uid: 64_000, gid: 64_000 });
    expect(Object.values(task.env[0] ?? {})).toContain('/secrets/authority.key');
    expect(job.type).toBe('service');
  });

  it('join the sample to the network of the shipped configuration', async () => {
    const { group } = await groupIn('sample.nomad.hcl');
    const conflist = await readFile(join(deployments, 'cni/10-wireguard-cni.conflist'), 'utf8');
    expect(group.network?.[0]?.mode).toBe(`cni/${(JSON.parse(conflist) as { name: string }).name}`);
    expect(group.service?.[0]).toMatchObject({ provider: 'nomad', address_mode: 'alloc' });
  });
});
