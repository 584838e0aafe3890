/** Everything on a machine that a release could leave behind, as sorted lines that can be compared. */
import { difference, hostState } from '../conformance/host-state.ts';
import type { BootedMachine } from './booted-machine.ts';
import type { MachineDisk } from './machine-disk.ts';

/** Written by systemd, by udev and by the tools that look, whatever else runs there. */
const others =
  /^\/(run\/(systemd|log|udev|credentials|netns|xtables\.lock|utmp)|var\/log|var\/lib\/systemd|var\/cache|var\/tmp|tmp|etc\/(machine-id|\.pwd\.lock))(\/|$)/;

/** A table of iptables that has been looked at: its own chains, empty, with a policy that lets everything through. */
const emptyTable = /^rule (\*[a-z]+|COMMIT|:[A-Z]+ ACCEPT)$/;

const switches = '^net[.]ipv[46][.](conf|ip_forward|ip_local_reserved_ports|fib_multipath)';

/** Files, links, routes, rules, chains and switches of the kernel. */
export async function machineState(machine: BootedMachine, disk: MachineDisk, netnsPath: string): Promise<string[]> {
  const script = `find /run -xdev; echo; ip rule; ip -6 rule; nft list tables; sysctl --all --pattern '${switches}'`;
  const [files = '', kernel = ''] = (await machine.run(['sh', '-c', script])).split('\n\n');
  const paths = [...(await disk.written()), ...files.split('\n')].filter((path) => !others.test(path));
  const rules = (await hostState(netnsPath)).filter((line) => !emptyTable.test(line));
  // What iptables on nftables calls a table of its own stays once it has looked.
  const own = kernel.split('\n').filter((line) => !/^table ip6? (filter|nat|mangle|raw|security)$/.test(line));
  return [...paths, ...rules, ...own].sort();
}

/** What the second has more or less than the first. */
export const leftBehind = difference;
