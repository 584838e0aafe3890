/** Every program that a node-manager starts, with its arguments and environment: scripts in their place write both down and become them. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** What a node-manager starts, as its own list of packages names them. */
const programs = [
  ...['ip', 'wg', 'wireguard-go', 'nsenter', 'flock', 'setpriv', 'fping'],
  ...['nft', 'iptables', 'iptables-save', 'iptables-restore', 'ip6tables-save', 'ip6tables-restore'],
];

/** A value for PATH: our scripts first. What they write goes to `log`. */
export async function recordPrograms(directory: string, log: string): Promise<string> {
  await mkdir(directory, { mode: 0o700 });
  await writeFile(log, '', { mode: 0o600 });
  const path = process.env['PATH'] ?? '';
  for (const program of programs) {
    const { stdout, exitCode } = await execa('sh', ['-c', `command -v ${program}`], { reject: false });
    if (exitCode !== 0) continue;
    const script = join(directory, program);
    // Words of the shell alone: no process of its own is started. The program finds its own name where it was.
    const lines = ['#!/bin/sh', `{ printf '%s\\n' "$0" "$@"; export -p; } >>${log}`, `exec ${stdout.trim()} "$@"`];
    await writeFile(script, `${lines.join('\n')}\n`);
    await chmod(script, 0o700);
  }
  return `${directory}:${path}`;
}
