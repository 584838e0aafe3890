/** PURE: how the emulator is started, and what its exit status says of the command that ran inside. */

export interface MachinePlan {
  image: string;
  initramfs: string;
  /** Shared writable; holds the command. */
  job: string;
  /** Shared writable under its own path, for what the command writes. */
  writable: string | undefined;
  memoryMb: number;
  cpus: number;
}

/** The code that the init script reports for a failure of its own. */
export const brokenMachine = 99;

/** Arguments of `qemu-system-x86_64`: emulation without KVM, the serial line on stdout, no network but its own. */
export function emulatorArguments(plan: MachinePlan): string[] {
  const kernel = [
    'console=ttyS0',
    'quiet',
    'loglevel=3',
    'panic=-1',
    'random.trust_cpu=on',
    'mitigations=off',
    'nokaslr',
  ];
  return [
    ...['-accel', 'tcg,thread=multi', '-cpu', 'qemu64', '-smp', String(plan.cpus), '-m', String(plan.memoryMb)],
    ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-monitor', 'none', '-serial', 'stdio'],
    ...['-kernel', plan.image, '-initrd', plan.initramfs, '-append', kernel.join(' ')],
    ...['-device', 'isa-debug-exit,iobase=0xf4,iosize=0x04', '-device', 'virtio-rng-pci'],
    ...share('host', '/', 'readonly=on,multidevs=remap'),
    ...share('job', plan.job, 'multidevs=remap'),
    ...(plan.writable === undefined ? [] : share('writable', plan.writable, 'multidevs=remap')),
  ];
}

/**
 * The exit code of the command inside (at most 100), or undefined when the machine ended without telling. `isa-debug-exit` makes
 * a status of 2N+1 out of N, and the init script adds 16 to the code so that no status is one of the emulator's own.
 */
export function commandExitCode(emulatorStatus: number | undefined): number | undefined {
  if (emulatorStatus === undefined || emulatorStatus % 2 === 0) return undefined;
  const code = (emulatorStatus - 1) / 2 - 16;
  return code >= 0 ? code : undefined;
}

/** A shell script that runs `argv` in `cwd` with `env`. */
export function commandScript(argv: readonly string[], cwd: string, env: Readonly<Record<string, string>>): string {
  const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}`);
  return [...exports, `cd ${quote(cwd)} || exit`, `exec ${argv.map(quote).join(' ')}`, ''].join('\n');
}

function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function share(tag: string, path: string, options: string): string[] {
  // In qemu's option lists a comma is written twice.
  const local = `local,id=${tag},path=${path.replaceAll(',', ',,')},security_model=none,${options}`;
  return ['-fsdev', local, '-device', `virtio-9p-pci,fsdev=${tag},mount_tag=${tag}`];
}
