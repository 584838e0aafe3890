/** The lab's proof on machines of their own, which an SSH configuration names: who is there, and who reaches whom. */
import { readFile } from 'node:fs/promises';
import type { Attachment } from '@wgcni/api';
import { type Path, type Place, reachAll } from '@wgcni/testing';
import { execa } from 'execa';
import { fpingCommand, parseTimes } from './fping.ts';
import { hostsOf } from './ssh-config.ts';

/** The network namespace of a machine itself. */
const ownNetns = '/proc/1/ns/net';

export interface Checked {
  places: Place[];
  paths: Path[];
}

/** Pings between all containers of all nodes, to their gateways, and from each node. A machine without a node-manager is none. Throws when there is no node. */
export async function checkMachines(sshConfigPath: string): Promise<Checked> {
  const machines = hostsOf(await readFile(sshConfigPath, 'utf8'));
  /** What a command printed; with what it said where its status is another than those. */
  const on = async (machine: string, command: string, good: readonly number[]): Promise<string> => {
    const argv = ['-F', sshConfigPath, machine, command];
    const { exitCode, stdout, stderr } = await execa('ssh', argv, { reject: false, timeout: 120_000 });
    if (exitCode !== undefined && good.includes(exitCode)) return stdout;
    throw new Error(`"${command}" on ${machine} ended with ${exitCode}: ${stderr.trim() || stdout.trim()}`);
  };
  const found = await Promise.all(
    machines.map(async (id) => {
      const said = await on(
        id,
        'systemctl is-active --quiet wgcni-node-manager && sudo wgcni attachments --json',
        [0, 3, 4],
      );
      return said === '' ? [] : [{ id, containers: placesOf(id, JSON.parse(said) as Attachment[]) }];
    }),
  );
  const nodes = found.flat();
  if (nodes.length === 0) throw new Error(`none of ${machines.join(', ')} runs a node-manager`);
  const hosts = nodes.map(({ id }) => ({ id, nodeId: id, netnsPath: ownNetns, addresses: [] }));
  const places = nodes.flatMap(({ containers }) => containers);
  const paths = await reachAll(hosts, places, async (from, addresses) =>
    parseTimes(await on(from.nodeId, fpingCommand(from, addresses), [0, 1, 2])),
  );
  return { places, paths };
}

/** What a node has attached; containers of a runtime have long ids. */
function placesOf(nodeId: string, attachments: readonly Attachment[]): Place[] {
  return attachments.map(({ containerId, netns, addresses }) => ({
    id: `${nodeId}/${containerId.slice(0, 8)}`,
    nodeId,
    netnsPath: netns,
    addresses: addresses.map(({ address }) => address.replace(/\/.*/, '')),
    gateways: addresses.map(({ gateway }) => gateway),
  }));
}
