/** The CNI plugin: environment and stdin in, one answer out; everything else is the node-manager's work. */
import { faultPoints, faultVariable, messageOf } from '@wgcni/base';
import { dispatch, pluginFaultPoints, type Outcome } from '@wgcni/cni';
import { nodeEffects } from './effects.ts';
import type { PluginFaultPoints } from './fault-points.ts';
import { stderrLog, writeStderr } from './stderr-log.ts';
import { readAll } from './stdin.ts';
import { writeStdout } from './stdout.ts';

/** The bundler puts the version in. */
declare const __WGCNI_VERSION__: string | undefined;

const version = typeof __WGCNI_VERSION__ === 'string' ? __WGCNI_VERSION__ : '0.0.0';
const stdinLimitMs = 5_000;

async function main(): Promise<number> {
  // A runtime says nothing in arguments: this is a person.
  if (process.argv[2] === '--version') {
    writeStdout(`${version}\n`);
    return 0;
  }
  const log = stderrLog();
  // SIGKILL is what a crash is like: nothing of the process runs after it.
  const reach = faultPoints(pluginFaultPoints, process.env[faultVariable], () => process.kill(process.pid, 'SIGKILL'));
  const outcome = await dispatch({
    variables: process.env,
    readStdin: () => readAll(process.stdin, stdinLimitMs),
    pluginVersion: version,
    effects: nodeEffects(log, reach),
  });
  const { error, about } = outcome;
  if (about !== undefined) writeStderr(about);
  if (error !== undefined) {
    const { CNI_COMMAND, CNI_CONTAINERID, CNI_IFNAME } = process.env;
    const { code, message, stack } = error;
    const trace = code === 'internal.failed' ? { stack } : {};
    log.error({ CNI_COMMAND, CNI_CONTAINERID, CNI_IFNAME, code, message, ...trace }, 'cni.failed');
  }
  return deliver(outcome, reach);
}

/** Prints the answer; an ADD is confirmed when the runtime has it, and taken back when it cannot have it. */
async function deliver({ answer, addition, exitCode }: Outcome, reach: PluginFaultPoints): Promise<number> {
  if (addition !== undefined) reach('add/before stdout');
  try {
    if (answer !== undefined) writeStdout(`${JSON.stringify(answer)}\n`);
  } catch (error) {
    writeStderr(`the answer could not be written: ${messageOf(error)}\n`);
    await addition?.undo();
    return 1;
  }
  if (addition === undefined) return exitCode;
  reach('add/after stdout');
  await addition.answered();
  reach('add/confirmed');
  return exitCode;
}

// Whatever ends the process before there is an answer must not look like success.
process.exitCode = 1;
// Exits at once: an stdin that nobody closes would keep the process.
void main().then((exitCode) => process.exit(exitCode));
