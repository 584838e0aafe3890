/** Packets that do not arrive: dropped in the namespace of one side, both ways, before any other rule sees them. */
import { execa } from 'execa';

/** Addresses whose packets are dropped, or everybody's. */
export interface Cut {
  netnsPath: string;
  /** IPv4 or IPv6 addresses of the other side; absent: every packet of `eth0`. */
  from?: readonly string[];
  /** The share of packets that is dropped, one of which is all; default all. */
  share?: number;
}

/** Puts the cut in place and resolves with its removal. */
export async function cut(cuts: readonly Cut[]): Promise<() => Promise<void>> {
  await Promise.all(cuts.map((each) => change(each, '--insert')));
  return async () => {
    await Promise.all(cuts.map((each) => change(each, '--delete')));
  };
}

async function change({ netnsPath, from, share = 1 }: Cut, action: '--insert' | '--delete'): Promise<void> {
  const some = share === 1 ? [] : ['--match', 'statistic', '--mode', 'random', '--probability', String(share)];
  const targets = from ?? [undefined];
  for (const address of targets) {
    const programs = address === undefined ? ['iptables', 'ip6tables'] : [programOf(address)];
    const rules = [
      ['PREROUTING', '--in-interface', 'eth0', ...(address === undefined ? [] : ['--source', address])],
      ['OUTPUT', '--out-interface', 'eth0', ...(address === undefined ? [] : ['--destination', address])],
    ];
    for (const program of programs) {
      for (const rule of rules) {
        const args = ['--wait', '--table', 'raw', action, ...rule, ...some, '--jump', 'DROP'];
        await execa('nsenter', [`--net=${netnsPath}`, program, ...args]);
      }
    }
  }
}

function programOf(address: string): string {
  return address.includes(':') ? 'ip6tables' : 'iptables';
}
