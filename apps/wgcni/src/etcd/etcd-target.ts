/** Which etcd the command line administers for which cluster, and by which certificate: what was said, checked. */
import { namePattern } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import {
  checkCredentials,
  checkUrls,
  commonNameOf,
  credentialPaths,
  type Credentials,
  type CredentialPaths,
  readCredentialTexts,
} from '@wgcni/pki';
import { rootName, type ClusterUsers, type EtcdOptions } from '@wgcni/store';
import { X509Certificate } from 'node:crypto';
import tls from 'node:tls';

/** As said. */
export interface EtcdFlags {
  etcd: string;
  cluster: string;
  etcdCert?: string;
  etcdKey?: string;
  etcdCa?: string;
}

export interface EtcdTarget {
  options: EtcdOptions;
  users: ClusterUsers;
}

/** RFC 5280, ub-common-name. */
const longestCommonName = 64;

/** Throws CatalogueError `request.invalid` or `config.invalid` naming the flag and the remedy. */
export async function etcdTarget(flags: EtcdFlags): Promise<EtcdTarget> {
  const users = usersOf(flags.cluster);
  const urls = flags.etcd.split(',').map(parseUrl);
  const paths = credentialPaths('etcd', { cert: flags.etcdCert, key: flags.etcdKey, ca: flags.etcdCa });
  if (paths === undefined)
    throw refuse(
      '--etcd-cert',
      'is missing: without TLS etcd knows nobody',
      'give --etcd-cert, --etcd-key and --etcd-ca',
    );
  checkUrls('--etcd', urls, 'tls');
  const current = checkCredentials(paths, await readCredentialTexts(paths));
  expectRoot(paths, current);
  // etcd's client has no option for it.
  tls.DEFAULT_MIN_VERSION = 'TLSv1.3';
  return { options: { urls, credentials: { current, onChange: () => () => {} } }, users };
}

/** Refuses whoever would lock themselves out. Of several common names etcd takes the last: one only. */
function expectRoot({ cert: path }: CredentialPaths, { cert }: Credentials): void {
  const { CN: name } = new X509Certificate(cert).toLegacyObject().subject;
  if (name === rootName) return;
  const shown = name === undefined ? 'no common name' : `the common name ${String(name)}`;
  throw refuse(
    '--etcd-cert',
    `${path} has ${shown}, and etcd would lock it out: users and roles are root's to change`,
    `have a certificate issued with the common name ${rootName} by the authority of etcd's clients`,
  );
}

function usersOf(cluster: string): ClusterUsers {
  const [manager, node] = (['manager', 'node'] as const).map((kind) => commonNameOf({ kind, cluster })) as [
    string,
    string,
  ];
  if (!new RegExp(namePattern).test(cluster) || manager.length > longestCommonName)
    throw refuse(
      '--cluster',
      `"${cluster}" is not a name that fits into a common name`,
      `use at most ${longestCommonName - manager.length + cluster.length} letters, digits, ".", "_" and "-", the first a letter or digit`,
    );
  return { cluster, manager, node };
}

function parseUrl(text: string): string {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.username === '')
    return url.origin;
  throw refuse('--etcd', `"${text}" is not a URL of a server`, 'write it like https://192.0.2.1:2379');
}

function refuse(field: string, what: string, remedy: string): CatalogueError {
  return new CatalogueError('config.invalid', `${field} ${what}`, { field, remedy });
}
