/** PURE: which kernel switches to set, in which order, from what is set now (design §6). */
import type { KernelState } from '@wgcni/iproute';
import type { PortRange } from '../attachments/container-port.ts';
import { meshDevice, podsDevice } from '../node-view.ts';

/** The kernel's number for routes learnt from router advertisements. */
const routerAdvertisement = 9;

const reservedPorts = 'net.ipv4.ip_local_reserved_ports';
const forwarding4 = 'net.ipv4.ip_forward';
const forwarding6 = 'net.ipv6.conf.all.forwarding';

export interface Switch {
  name: string;
  value: string;
  /** Of a device of ours: it goes with the device, so nothing is put back. */
  isOfOurDevice: boolean;
}

/** Links whose default route was learnt from a router: with forwarding on they would lose it unless accept_ra is 2. */
export function advertisedUplinks({ routes }: KernelState): string[] {
  const learnt = routes.filter(
    ({ destination, protocol, family }) => family === 6 && destination === '::/0' && protocol === routerAdvertisement,
  );
  return [...new Set(learnt.flatMap(({ device }) => device ?? []))];
}

/** The switches that matter, for reading them before planning. */
export function switchNames(uplinks: readonly string[]): string[] {
  return [
    ...uplinks.map(acceptRa),
    ...[forwarding4, forwarding6, reservedPorts],
    ...[sendRedirects('all'), sendRedirects(meshDevice), sendRedirects(podsDevice)],
  ];
}

/** What to write, in order; switches that the kernel does not have (undefined) are left out, as are those that are right. */
export function planSysctls(
  found: ReadonlyMap<string, string | undefined>,
  uplinks: readonly string[],
  ports: { podPort: number; containerPorts: PortRange },
): Switch[] {
  const wanted: Switch[] = [
    // ORDER: before IPv6 forwarding, which makes the kernel drop what it learnt under accept_ra=1.
    ...uplinks.filter((link) => found.get(acceptRa(link)) === '1').map((link) => hostSwitch(acceptRa(link), '2')),
    hostSwitch(forwarding4, '1'),
    hostSwitch(forwarding6, '1'),
    hostSwitch(reservedPorts, withPorts(found.get(reservedPorts) ?? '', ports)),
    // The kernel sends redirects when either this or the device's own switch is on; other devices keep their own.
    hostSwitch(sendRedirects('all'), '0'),
    ...[meshDevice, podsDevice].map((device) => ({ name: sendRedirects(device), value: '0', isOfOurDevice: true })),
  ];
  return wanted.filter(({ name, value }) => found.get(name) !== undefined && found.get(name)?.trim() !== value);
}

/** The list of reserved ports with ours in it, in the kernel's form; the same text when they are in it already. */
function withPorts(text: string, { podPort, containerPorts }: { podPort: number; containerPorts: PortRange }): string {
  const ranges = [...parseRanges(text), { first: podPort, last: podPort }, containerPorts];
  return formatRanges(ranges);
}

function parseRanges(text: string): PortRange[] {
  return text
    .trim()
    .split(',')
    .flatMap((word) => {
      const match = /^([0-9]+)(?:-([0-9]+))?$/.exec(word.trim());
      return match === null ? [] : [{ first: Number(match[1]), last: Number(match[2] ?? match[1]) }];
    });
}

function formatRanges(ranges: readonly PortRange[]): string {
  const merged: PortRange[] = [];
  for (const { first, last } of [...ranges].sort((one, other) => one.first - other.first)) {
    const previous = merged.at(-1);
    if (previous !== undefined && first <= previous.last + 1) previous.last = Math.max(previous.last, last);
    else merged.push({ first, last });
  }
  return merged.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`)).join(',');
}

function acceptRa(link: string): string {
  return `net.ipv6.conf.${link.replaceAll('.', '/')}.accept_ra`;
}

function sendRedirects(device: string): string {
  return `net.ipv4.conf.${device}.send_redirects`;
}

function hostSwitch(name: string, value: string): Switch {
  return { name, value, isOfOurDevice: false };
}
