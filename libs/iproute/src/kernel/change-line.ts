/** A kernel change as one line of iproute2's batch language, in the form that succeeds again when repeated. */
import { CatalogueError } from '@wgcni/base';
import { type AddVeth, routeProtocol, type KernelChange, type RouteInput } from '../port.ts';

/** The line without `ip` in front. Throws CatalogueError `request.invalid` for a value that could not stand in one word. */
export function changeLine(change: KernelChange): string {
  switch (change.kind) {
    case 'set-link':
      return words('link set dev', word(change.name), ...linkWords(change));
    case 'rename-link':
      return words('link set dev', word(change.name), 'name', word(change.to));
    case 'remove-link':
      return words('link del dev', word(change.name));
    case 'add-veth':
      return words('link add', vethWords(change));
    case 'set-address':
      return words('addr replace', addressWords(change), change.address.includes(':') ? 'nodad' : '');
    case 'remove-address':
      return words('addr del', addressWords(change));
    case 'set-route':
      return words('route replace', routeWords(change.route), sourceWords(change.route));
    case 'remove-route':
      return words('route del', routeWords(change.route));
    case 'set-neighbour':
      return words('neigh replace', word(change.address), `lladdr ${word(change.mac)}`, neighbourWords(change));
  }
}

function linkWords({ isUp, mtu, alias }: Extract<KernelChange, { kind: 'set-link' }>): string[] {
  return [
    mtu === undefined ? '' : `mtu ${mtu}`,
    alias === undefined ? '' : `alias "${quotable(alias)}"`,
    isUp === undefined ? '' : isUp ? 'up' : 'down',
  ];
}

function vethWords({ name, mac, mtu, peer }: AddVeth): string {
  const end = (one: { name: string; mac: string }): string => `${word(one.name)} mtu ${mtu} address ${word(one.mac)}`;
  return `${end({ name, mac })} type veth peer name ${end(peer)} netns "${quotable(peer.netns)}"`;
}

function neighbourWords({ link }: { link: string }): string {
  return `dev ${word(link)} nud permanent protocol ${routeProtocol}`;
}

function addressWords({
  link,
  address,
  prefixLength,
}: {
  link: string;
  address: string;
  prefixLength: number;
}): string {
  return `${word(address)}/${prefixLength} dev ${word(link)}`;
}

function routeWords({ destination, kind, device, via, metric }: RouteInput): string {
  return words(
    kind === 'unreachable' ? 'unreachable' : '',
    word(destination),
    via === undefined ? '' : `via ${word(via)}`,
    device === undefined || kind === 'unreachable' ? '' : `dev ${word(device)}`,
    `proto ${routeProtocol}`,
    metric === undefined ? '' : `metric ${metric}`,
  );
}

function sourceWords({ source }: RouteInput): string {
  return source === undefined ? '' : `src ${word(source)}`;
}

function words(...parts: string[]): string {
  return parts.filter((part) => part !== '').join(' ');
}

function word(text: string): string {
  if (/^[^\s"'\\#]+$/.test(text) && !text.startsWith('-')) return text;
  throw unspeakable(text);
}

function quotable(text: string): string {
  if (/^[^\n\r"\\]*$/.test(text)) return text;
  throw unspeakable(text);
}

function unspeakable(text: string): CatalogueError {
  return new CatalogueError('request.invalid', `${JSON.stringify(text)} cannot name a link, address or route`, {
    remedy: 'use a value without blanks, quotes, backslashes, #, and no leading minus',
  });
}
