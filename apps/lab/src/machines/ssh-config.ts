/** PURE: the machines of a file as `vagrant ssh-config` prints it. */

/** Their names, in its order; patterns are no machines. */
export function hostsOf(sshConfig: string): string[] {
  const lines = sshConfig.matchAll(/^\s*Host\s+(.+)$/gm);
  return [...lines].flatMap(([, names = '']) => names.trim().split(/\s+/)).filter((name) => !/[*?!]/.test(name));
}
