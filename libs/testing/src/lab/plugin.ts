/** Executes the CNI plugin as a runtime does: environment and standard input in, one JSON object out. */
import { execa } from 'execa';
import type { ContainerPlan, NodePlan } from './plan.ts';

export interface PluginCall {
  command: 'ADD' | 'DEL' | 'CHECK' | 'GC' | 'STATUS' | 'VERSION';
  node: NodePlan;
  container?: ContainerPlan;
  ifName?: string;
  /** Extra fields of the network configuration: `cniVersion`, `prevResult`, `runtimeConfig`, … */
  config?: Record<string, unknown>;
  env?: Record<string, string>;
}

export interface PluginAnswer {
  /** 137 when it was killed. */
  exitCode: number;
  stdout: string;
  stderr: string;
  durationMs: number;
}

/** What a CNI 1.0.0 result says, as far as the lab reads it. */
export interface PluginResult {
  ips: { address: string; gateway?: string; interface?: number }[];
  interfaces: { name: string; sandbox?: string }[];
  routes?: { dst: string }[];
}

/** The network configuration that the lab gives the plugin for a node. */
export function networkConfig(node: NodePlan): Record<string, unknown> {
  return { cniVersion: '1.0.0', name: 'mesh', type: 'wireguard-cni', socket: node.socket, queueDir: node.queueDir };
}

/** Runs the plugin once, with nothing in its environment but what the CNI names. */
export async function callPlugin(pluginPath: string, call: PluginCall): Promise<PluginAnswer> {
  const startedAt = performance.now();
  const answer = await execa(pluginPath, {
    input: JSON.stringify({ ...networkConfig(call.node), ...call.config }),
    extendEnv: false,
    reject: false,
    timeout: 60_000,
    env: {
      PATH: process.env['PATH'],
      CNI_COMMAND: call.command,
      CNI_CONTAINERID: call.container?.id ?? '',
      CNI_NETNS: call.container?.netnsPath ?? '',
      CNI_IFNAME: call.ifName ?? 'eth0',
      CNI_PATH: '/opt/cni/bin',
      ...call.env,
    },
  });
  return {
    exitCode: answer.exitCode ?? 137,
    stdout: answer.stdout,
    stderr: answer.stderr,
    durationMs: performance.now() - startedAt,
  };
}

/** ADD, which must succeed; the error tells what the plugin said. */
export async function addContainer(
  pluginPath: string,
  node: NodePlan,
  container: ContainerPlan,
): Promise<PluginResult> {
  const answer = await callPlugin(pluginPath, { command: 'ADD', node, container });
  if (answer.exitCode !== 0)
    throw new Error(`ADD of ${container.id} on ${node.id} failed: ${answer.stdout} ${answer.stderr}`);
  return JSON.parse(answer.stdout) as PluginResult;
}

/** DEL, which must succeed. */
export async function deleteContainer(pluginPath: string, node: NodePlan, container: ContainerPlan): Promise<void> {
  const answer = await callPlugin(pluginPath, { command: 'DEL', node, container });
  if (answer.exitCode !== 0)
    throw new Error(`DEL of ${container.id} on ${node.id} failed: ${answer.stdout} ${answer.stderr}`);
}
