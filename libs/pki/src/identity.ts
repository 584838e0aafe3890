/** PURE: who somebody is in a cluster, as the one URI of a certificate that says so. */

/** What a person may do, each including the ones before. */
export const operatorRoles = ['read', 'operate', 'admin'] as const;
export type OperatorRole = (typeof operatorRoles)[number];

export type Identity =
  | { kind: 'node'; cluster: string; nodeId: string }
  | { kind: 'manager'; cluster: string; replicaId: string }
  | { kind: 'operator'; cluster: string; role: OperatorRole; name: string };

/** As node ids, replica ids and cluster names are: nothing in it needs escaping in a URI (RFC 3986, unreserved). */
const name = '[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}';
const form = new RegExp(
  `^wgcni://(${name})/(?:(node|manager)/(${name})|operator/(${operatorRoles.join('|')})/(${name}))$`,
);

/** The one text of an identity: `wgcni://<cluster>/node/<id>`, `…/manager/<id>`, `…/operator/<role>/<name>`. */
export function formatIdentity(identity: Identity): string {
  const { kind, cluster } = identity;
  switch (kind) {
    case 'node':
      return `wgcni://${cluster}/node/${identity.nodeId}`;
    case 'manager':
      return `wgcni://${cluster}/manager/${identity.replicaId}`;
    case 'operator':
      return `wgcni://${cluster}/operator/${identity.role}/${identity.name}`;
  }
}

/**
 * The common name of a certificate of this identity: its role in the cluster, which is the user that etcd takes it for, so that etcd needs no user per
 * node. At most 64 characters (RFC 5280, ub-common-name), so a cluster's name should have at most 55.
 */
export function commonNameOf({ kind, cluster }: Pick<Identity, 'kind' | 'cluster'>): string {
  return `${kind}.${cluster}`;
}

/** The identity that a text names; undefined for anything that is not exactly one of our texts. */
export function parseIdentity(text: string): Identity | undefined {
  const [, cluster = '', kind, id = '', role, person = ''] = form.exec(text) ?? [];
  if (kind === 'node') return { kind, cluster, nodeId: id };
  if (kind === 'manager') return { kind, cluster, replicaId: id };
  const known = operatorRoles.find((each) => each === role);
  return known === undefined ? undefined : { kind: 'operator', cluster, role: known, name: person };
}

/**
 * The identity in a certificate's subject alternative names, as node:tls writes them. Undefined when there is none, when one is malformed, and
 * when there are two: nobody is two.
 */
export function identityIn(subjectAltName: string | undefined): Identity | undefined {
  const ours = urisIn(subjectAltName ?? '').filter((uri) => /^wgcni:/i.test(uri));
  const [uri] = ours;
  return uri !== undefined && ours.length === 1 ? parseIdentity(uri) : undefined;
}

/** A kind, a colon, and a value in which commas stand between quotes only: node:crypto quotes what could be taken for two names (CVE-2021-44532). */
const altName = /([A-Za-z0-9. ]+):((?:"(?:[^"\\]|\\.)*"|[^",])*)(?:, |$)/y;

/** The URIs; none at all when the text is not wholly understood. */
function urisIn(subjectAltName: string): string[] {
  const uris: string[] = [];
  altName.lastIndex = 0;
  while (altName.lastIndex < subjectAltName.length) {
    const [, kind, value = ''] = altName.exec(subjectAltName) ?? [];
    if (kind === undefined) return [];
    if (kind === 'URI') uris.push(value);
  }
  return uris;
}
