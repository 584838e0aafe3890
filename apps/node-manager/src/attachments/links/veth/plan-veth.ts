/** PURE: what a veth of an attachment consists of: the pair, the node's side and the container's side. */
import { widthOf } from '@wgcni/ipam';
import type { AddVeth, KernelChange } from '@wgcni/iproute';
import type { GivenAddress } from '../../../addresses/address-ledger.ts';
import { defaultRoutes, familyOf, hostCidr } from '../../container-device.ts';
import type { AttachmentRecord } from '../../record.ts';
import { macsOf } from './veth-names.ts';

/** Both ends, down; the container's directly in its namespace under its final name. */
export function pairOf(
  nodeEnd: string,
  { ifName, netns, mtu }: Pick<AttachmentRecord, 'ifName' | 'netns' | 'mtu'>,
): AddVeth {
  const { node, container } = macsOf(nodeEnd);
  return { kind: 'add-veth', name: nodeEnd, mac: node, mtu, peer: { name: ifName, mac: container, netns } };
}

/** The way from the node to these addresses of the container; the node speaks from their gateways. */
export function nodeSide(nodeEnd: string, addresses: readonly GivenAddress[]): KernelChange[] {
  const { container: mac } = macsOf(nodeEnd);
  return [
    { kind: 'set-link', name: nodeEnd, isUp: true },
    ...addresses.flatMap(({ address, gateway }): KernelChange[] => [
      { kind: 'set-neighbour', link: nodeEnd, address, mac },
      {
        kind: 'set-route',
        route: { destination: hostCidr(address), kind: 'unicast', device: nodeEnd, source: gateway },
      },
    ]),
  ];
}

/**
 * Addresses, MTU, up and routes in the container, in the order in which the kernel takes them. A gateway has no link of its own there, so it gets
 * a route and a MAC: then the default route can name it, as other plugins of a chain expect.
 */
export function containerSide(
  nodeEnd: string,
  { ifName, addresses, mtu, routeMetric }: Pick<AttachmentRecord, 'ifName' | 'addresses' | 'mtu' | 'routeMetric'>,
): KernelChange[] {
  const { node: mac } = macsOf(nodeEnd);
  // Each interface of a container has its own metric: with one for all, the second would take over the gateway of the first.
  const common = {
    kind: 'unicast' as const,
    device: ifName,
    ...(routeMetric === undefined ? {} : { metric: routeMetric }),
  };
  const gateways = [...new Set(addresses.map(({ gateway }) => gateway))];
  return [
    ...addresses.map(({ address }): KernelChange => {
      return { kind: 'set-address', link: ifName, address, prefixLength: widthOf(familyOf(address)) };
    }),
    { kind: 'set-link', name: ifName, mtu, isUp: true },
    ...gateways.flatMap((gateway): KernelChange[] => [
      { kind: 'set-neighbour', link: ifName, address: gateway, mac },
      { kind: 'set-route', route: { destination: hostCidr(gateway), ...common } },
    ]),
    ...defaultRoutes(addresses).map((destination): KernelChange => {
      const via = gateways.find((gateway) => familyOf(gateway) === familyOf(destination));
      return { kind: 'set-route', route: { destination, ...common, ...(via === undefined ? {} : { via }) } };
    }),
  ];
}

/**
 * The switches of the node's end: it forwards, believes no router or redirect of a container, and has no address of its own, so that what a
 * container is let through to has been judged by the container's.
 */
export function nodeSwitches(
  nodeEnd: string,
  addresses: readonly GivenAddress[],
  hasIpv6: boolean,
): Record<string, string> {
  const four = `net.ipv4.conf.${nodeEnd}`;
  const six = `net.ipv6.conf.${nodeEnd}`;
  const usesIpv6 = addresses.some(({ address }) => familyOf(address) === 6);
  return {
    ...{ [`${four}.forwarding`]: '1', [`${four}.accept_redirects`]: '0', [`${four}.send_redirects`]: '0' },
    ...(hasIpv6 ? { [`${six}.addr_gen_mode`]: '1' } : {}),
    ...(hasIpv6 && !usesIpv6 ? { [`${six}.disable_ipv6`]: '1' } : {}),
    ...(usesIpv6
      ? {
          ...{ [`${six}.accept_ra`]: '0', [`${six}.accept_redirects`]: '0' },
          ...{ [`${six}.forwarding`]: '1', [`${six}.disable_ipv6`]: '0' },
        }
      : {}),
  };
}

/** The switches of the container's end: only the addresses that it was given. A dot of an interface's name is written as a slash. */
export function containerSwitches(ifName: string): Record<string, string> {
  const six = `net.ipv6.conf.${ifName.replaceAll('.', '/')}`;
  return { [`${six}.addr_gen_mode`]: '1', [`${six}.accept_ra`]: '0', [`${six}.disable_ipv6`]: '0' };
}
