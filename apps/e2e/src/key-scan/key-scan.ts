/**
 * Makes many private keys with the real programs and looks for every one of them where it must not stand. Beside them a control key,
 * which no program made, is put into each kind of place: a look that misses it would show nothing.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ContainerPlan, type Lab, type NodePlan, planContainer, usualClientPools } from '@wgcni/testing';
import { execa } from 'execa';
import { Client } from 'undici';
import { bringUp } from '../scenario.ts';
import { makeClientKeys } from './client-keys.ts';
import { type MadeKeys, makeContainerKeys } from './container-keys.ts';
import {
  answerEvidence,
  dataEvidence,
  type Evidence,
  logEvidence,
  storeEvidence,
  storeFileEvidence,
} from './evidence.ts';
import { idOfDevice, keyOfDevice } from './device-key.ts';
import { KnownKeys } from './known-keys.ts';
import { wideModes } from './modes.ts';
import { learnCredentials, makeNodeKeys, spareNodes } from './node-keys.ts';
import { ProcessWatch } from './process-watch.ts';
import { recordPrograms } from './recorded-programs.ts';

const workers = 8;
/** One key in this many is a node's. */
const nodeShare = 25;
/** And one in this many a client's. */
const clientShare = 50;

export interface KeyScanReport {
  /** How many keys were made, by the path they took. */
  made: { nodes: number; clients: number; byPlugin: number; bySocket: number };
  /** Every key of a device that is known, without the control. */
  keys: number;
  /** Beside them: keys of certificates, the authority's, and secrets of tokens. */
  secrets: number;
  texts: number;
  bytes: number;
  /** How often the processes of the machine were looked at. */
  looks: number;
  /** How many programs the node-managers were seen to start, by their own record. */
  programs: number;
  /** Where a key stood. */
  found: string[];
  /** In which kinds of places the control key was found. */
  control: string[];
  /** Files and directories of the nodes that were looked at, and those that are too wide. */
  modes: { looked: number; wide: string[] };
}

/** Brings up a node of its own, makes `count` keys, looks, and takes everything down. */
export async function keyScan(count: number, told: (line: string) => void = () => {}): Promise<KeyScanReport> {
  const levels = ['--log-level', 'trace'];
  // Whatever is made with a mode of its own must not lean on ours.
  const before = process.umask(0);
  const scene = await bringUp(
    { nodes: 1, containersPerNode: 0, managers: 1, etcd: 1, clientPools: usualClientPools },
    { joins: true, managerFlags: levels, nodeFlags: levels },
  );
  try {
    const [node] = scene.lab.plan.nodes;
    if (node === undefined) throw new Error('the lab has no node');
    return await scanned(scene.lab, node, count, told);
  } finally {
    process.umask(before);
    await scene.lab.down();
  }
}

async function scanned(lab: Lab, node: NodePlan, count: number, told: (line: string) => void): Promise<KeyScanReport> {
  const [keys, control] = [new KnownKeys(), new KnownKeys()];
  const controlKey = randomBytes(32).toString('base64');
  control.learn(controlKey);
  const watch = new ProcessWatch();
  const spares = spareNodes(lab, Math.max(1, Math.round(count / nodeShare / 2) - 1));
  const programLog = join(lab.plan.dir, 'log', 'programs.log');
  const env = { PATH: await recordPrograms(join(lab.plan.dir, 'recorded'), programLog) };
  await restartRecorded(lab, node, env);
  await makeNodeKeys(lab, spares, keys, env);
  for (const role of ['mesh', 'pods']) keys.learn(await keyOfDevice(idOfDevice(node.id, role)));
  const nodes = keys.size;
  told(`${nodes} keys of nodes`);
  const others = new KnownKeys();
  const secrets = await learnCredentials(lab, [node, ...spares], others);
  const clients = Math.max(2, Math.round(count / clientShare));
  const said = await makeClientKeys(lab, keys, clients);
  told(`${clients} keys of clients`);
  const made = await makeContainerKeys({ lab, node, keys }, await namespaces(lab), count - nodes - clients);
  made.answers.push(...said);
  told(`${keys.size} keys`);
  await plantControl(lab, node, controlKey);
  const controlAnswer = await askWithControl(node, controlKey);
  const evidence = await gather(lab, [node, ...spares], { ...made, answers: [...made.answers, controlAnswer] });
  for (const [where, text] of await watch.end()) evidence.set(where, text);
  const inWhich = (which: KnownKeys): string[] =>
    [...evidence].filter(([, text]) => which.standIn(text)).map(([name]) => name);
  const modes = await wideModes([node, ...spares].flatMap(({ dataDir, socket }) => [dataDir, dirname(socket)]));
  return {
    made: { nodes, clients, byPlugin: made.byPlugin, bySocket: made.bySocket },
    keys: keys.size,
    secrets,
    texts: evidence.size,
    bytes: [...evidence.values()].reduce((sum, text) => sum + text.length, 0),
    looks: watch.looks,
    programs: (await readFile(programLog, 'utf8')).split('\n').filter((line) => line.startsWith('export PATH=')).length,
    found: [...new Set([...inWhich(keys), ...inWhich(others)])],
    control: [...new Set(inWhich(control).map(kindOf))].sort(),
    modes,
  };
}

/** From now on what it starts is written down; its devices stay, and so do their keys. */
async function restartRecorded(lab: Lab, node: NodePlan, env: Record<string, string>): Promise<void> {
  await lab.process(node.id).stop();
  lab.startNode(node, [], env);
  await lab.nodeReady(node);
}

async function namespaces(lab: Lab): Promise<ContainerPlan[]> {
  const places = Array.from({ length: workers }, (_, index) => planContainer(lab.plan.name, 1, index + 1));
  for (const { netns } of places) await execa('ip', ['netns', 'add', netns]);
  return places;
}

/** Into the store, a node's data, and the arguments and environment of a process. */
async function plantControl(lab: Lab, node: NodePlan, key: string): Promise<void> {
  const store = lab.openStore();
  const place = `/wgcni/v1/${lab.plan.cluster}/control/keys/control-of-the-scan`;
  await store.transact({ compare: [], then: [{ kind: 'put', key: place, value: key }] });
  await store.close();
  await writeFile(join(node.dataDir, 'control-of-the-scan'), key, { mode: 0o600 });
  for (const [argument, environment] of [
    [key, ''],
    ['', key],
  ]) {
    const child = spawn('sh', ['-c', 'sleep 0.5', `${argument}`], {
      env: { ...process.env, CONTROL: environment },
      stdio: 'ignore',
    });
    await new Promise((resolve) => child.once('exit', resolve));
  }
}

/** A refusal that repeats what was sent: it stands in the answer, and in the node's log. */
async function askWithControl(node: NodePlan, key: string): Promise<string> {
  const client = new Client('http://localhost', { socketPath: node.socket });
  const answer = await client.request({
    ...{ method: 'PUT', path: '/v1/attachments/mesh/control/eth0', headers: { 'content-type': 'application/json' } },
    body: JSON.stringify({ netns: `/run/netns/${key}`, deadlineMs: 5_000 }),
  });
  const text = await answer.body.text();
  await client.close();
  return text;
}

async function gather(lab: Lab, nodes: readonly NodePlan[], made: MadeKeys): Promise<Evidence> {
  const store = lab.openStore();
  const parts = [
    await storeEvidence(lab, store),
    await storeFileEvidence(lab),
    await logEvidence(lab),
    await answerEvidence(lab),
    new Map(made.answers.map((text, index) => [`answer ${index} of ${nodes[0]?.id}`, text])),
    ...(await Promise.all(nodes.map(dataEvidence))),
  ];
  await store.close();
  return new Map(parts.flatMap((part) => [...part]));
}

/** What kind of place it is, without its number or path. */
function kindOf(where: string): string {
  return /^(etcd|file of|file|log|answer|arguments|environment)/.exec(where)?.[0] ?? where;
}
