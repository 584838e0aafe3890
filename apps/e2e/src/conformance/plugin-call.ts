/** Executes a plugin as a runtime does: an environment of CNI variables only, the configuration on stdin, both outputs read to their end. */
import { execa } from 'execa';

export const verbs = ['ADD', 'DEL', 'CHECK', 'GC', 'STATUS', 'VERSION'] as const;

export interface PluginCall {
  plugin: string;
  /** Namespace of the runtime. */
  netnsPath: string;
  stdin: string;
  variables: Record<string, string>;
  /** Ends the plugin with SIGKILL. */
  killAfterMs?: number;
}

export interface PluginAnswer {
  /** 137 when it was killed. */
  exitCode: number;
  stdout: string;
  stderr: string;
  /** From the start to the end of both outputs. */
  durationMs: number;
}

/** No plugin may take longer, whatever happens. */
const limitMs = 60_000;

/** One call. Never rejects for what the plugin did. */
export async function callPlugin({
  plugin,
  netnsPath,
  stdin,
  variables,
  killAfterMs,
}: PluginCall): Promise<PluginAnswer> {
  const startedAt = performance.now();
  const { exitCode, stdout, stderr } = await execa('nsenter', [`--net=${netnsPath}`, plugin], {
    input: stdin,
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    timeout: killAfterMs ?? limitMs,
    killSignal: 'SIGKILL',
    env: { PATH: process.env['PATH'], ...variables },
  });
  return { exitCode: exitCode ?? 137, stdout, stderr, durationMs: performance.now() - startedAt };
}
