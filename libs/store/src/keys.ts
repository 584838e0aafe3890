/** Where everything stands in etcd (design §3). Every prefix ends in '/'. */

/** The keys of one cluster. */
export interface Keys {
  root: string;
  mesh: string;
  network: string;
  nodes: string;
  node(nodeId: string): string;
  gone: string;
  clients: string;
  client(name: string): string;
  /** What each node publishes of its containers. */
  containers: string;
  containersOf(nodeId: string): string;
  /** `id`: of a node, of a grant, or the public key of a client. */
  goneEntry(kind: 'node' | 'subnet' | 'client', id: string): string;
  control: string;
  leader: string;
  recovering: string;
  replicas: string;
  replica(replicaId: string): string;
  subnets: string;
  /** `pool` and `subnet` in canonical CIDR text. */
  subnet(pool: string, subnet: string): string;
  registrations: string;
  registration(nodeId: string): string;
  keyClaims: string;
  keyClaim(publicKey: string): string;
  clientAddresses: string;
  /** `address` in canonical text. */
  clientAddress(address: string): string;
  clientLives: string;
  clientLife(name: string): string;
  tokens: string;
  token(tokenId: string): string;
  admissions: string;
  admission(nodeId: string): string;
}

/** The keys under `/wgcni/v1/<cluster>/`. `cluster` is a name of letters, digits, '.', '_' and '-'. */
export function keysOf(cluster: string): Keys {
  const root = `/wgcni/v1/${cluster}/`;
  const mesh = `${root}mesh/`;
  const control = `${root}control/`;
  const nodes = `${mesh}nodes/`;
  const clients = `${mesh}clients/`;
  const containers = `${mesh}direct/`;
  const gone = `${mesh}gone/`;
  const replicas = `${control}replicas/`;
  const subnets = `${control}subnets/`;
  const registrations = `${control}registrations/`;
  const keyClaims = `${control}keys/`;
  const clientAddresses = `${control}client-addresses/`;
  const clientLives = `${control}client-lives/`;
  const tokens = `${control}tokens/`;
  const admissions = `${control}admissions/`;
  return {
    root,
    mesh,
    network: `${mesh}network`,
    nodes,
    node: (nodeId) => nodes + nodeId,
    gone,
    clients,
    client: (name) => clients + name,
    containers,
    containersOf: (nodeId) => containers + nodeId,
    goneEntry: (kind, id) => `${gone}${kind}/${kind === 'client' ? keyForm(id) : pathForm(id)}`,
    control,
    leader: `${control}leader`,
    recovering: `${control}recovering`,
    replicas,
    replica: (replicaId) => replicas + replicaId,
    subnets,
    subnet: (pool, subnet) => `${subnets}${pathForm(pool)}/${pathForm(subnet)}`,
    registrations,
    registration: (nodeId) => registrations + nodeId,
    keyClaims,
    keyClaim: (publicKey) => keyClaims + keyForm(publicKey),
    clientAddresses,
    clientAddress: (address) => clientAddresses + address,
    clientLives,
    clientLife: (name) => clientLives + name,
    tokens,
    token: (tokenId) => tokens + tokenId,
    admissions,
    admission: (nodeId) => admissions + nodeId,
  };
}

/** A CIDR inside a path: `10.64.0.0-12`. */
export function pathForm(cidr: string): string {
  return cidr.replace('/', '-');
}

/** A public key inside a path: base64url without its end. */
function keyForm(publicKey: string): string {
  return publicKey.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
