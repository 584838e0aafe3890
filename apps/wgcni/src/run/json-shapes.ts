/** What each command prints with --json: the reference is written of it, and a test holds every command to it. */

export interface Shape {
  /** `list`: an array of such. */
  kind: 'object' | 'list';
  /** Name of a schema in `openapi/`, else what it is in a few words. */
  of: string;
  /** Whether `of` is such a name. */
  isSchema: boolean;
}

const one = (of: string): Shape => ({ kind: 'object', of, isSchema: true });
const many = (of: string): Shape => ({ kind: 'list', of, isSchema: true });
const own = (of: string, kind: Shape['kind'] = 'object'): Shape => ({ kind, of, isSchema: false });

export const jsonShapes: Readonly<Record<string, Shape>> = {
  'wgcni status': own(
    '`network`, `leader`, `managers`, `unanswered`, `nodes`, `subnets`, `pools`, or `status`, `attachments` of a node; and `advice`',
  ),
  'wgcni nodes': many('Node'),
  'wgcni subnets': many('Subnet'),
  'wgcni attachments': many('Attachment'),
  'wgcni events': many('Event'),
  'wgcni drain': one('Node'),
  'wgcni undrain': one('Node'),
  'wgcni delete': own('`nodeId`'),
  'wgcni forget': own('`nodeId`'),
  'wgcni admit': own('`nodeId`'),
  'wgcni token create': own('`Token`, and `token`: the word itself, this once'),
  'wgcni token list': many('Token'),
  'wgcni token revoke': own('`tokenId`'),
  'wgcni client add': own('`ExternalClient`, and `config` with its private key, or `out`: the file where that is'),
  'wgcni client list': many('ExternalClient'),
  'wgcni client remove': own('`name`'),
  'wgcni client config': own('`name`, and `config` or `out`'),
  'wgcni client sync': own('`name`, when it ends; what it does is logged on stderr, a line of JSON each'),
  'wgcni authority create': own('`cert`, `key`: files; `digest`'),
  'wgcni authority issue': own('`cert`, `key`: files; `commonName`, `validTo`'),
  'wgcni authority rotate': own('`cert`, `key`, `trusted`: files; `digest`'),
  'wgcni network show': one('Network'),
  'wgcni network set': one('Network'),
  'wgcni network restore': one('Network'),
  'wgcni rule set': one('Rule'),
  'wgcni rule delete': own('`name`'),
  'wgcni rule list': many('Rule'),
  'wgcni pool list': many('PoolUse'),
  'wgcni pool add': one('Network'),
  'wgcni route list': many('Route'),
  'wgcni route approve': one('Route'),
  'wgcni route withdraw': own('`nodeId`, `route`'),
  'wgcni doctor': own('`check`, `state`, `said`, `remedy`', 'list'),
  'wgcni top': own('`kind`, `name`, `received`, `sent`: bytes a second', 'list'),
  'wgcni completion': own('`text`'),
  'wgcni man': own('`text`'),
  'wgcni graph': one('Overview'),
  'wgcni cni install': own('`network`, `plugin`, `config`, `sortedBefore`'),
  'wgcni etcd setup': own('`isEnabled`, `changes`, `bypass`'),
  'wgcni etcd status': own('`isEnabled`, `changes`, `bypass`'),
};
