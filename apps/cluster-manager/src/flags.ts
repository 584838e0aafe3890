/** The flags of the cluster-manager. */
import { credentialFlags, insecureFlag, type Program } from '@wgcni/api/server';

export const program: Program = {
  name: 'cluster-manager',
  about: 'Grants subnets to nodes and keeps the register of their keys.',
  flags: [
    { name: 'etcd', value: 'urls', about: 'etcd members, comma separated' },
    { name: 'cluster', value: 'name', about: 'name of the cluster; several can share one etcd' },
    { name: 'listen', value: 'host:port', about: 'where REST is served' },
    {
      name: 'health-listen',
      value: 'address:port',
      about: 'serve /healthz, /readyz and /metrics there: plain on loopback, else over TLS',
    },
    { name: 'advertise', value: 'url', about: 'URL by which the other replicas reach this one' },
    { name: 'replica-id', value: 'id', about: 'name of this replica (default: host name and port)' },
    { name: 'bootstrap', about: 'create the network if there is none' },
    { name: 'pool', value: 'cidr:length', about: 'pool of the network and the length of its subnets; repeat it' },
    { name: 'client-pool', value: 'cidr', about: "pool of clients' addresses, one of each family; repeat it" },
    { name: 'mtu', value: 'bytes', about: 'MTU of every WireGuard device (default: 1420)' },
    { name: 'keepalive', value: 'seconds', about: 'persistent keepalive between nodes, 0 is off (default: 25)' },
    {
      name: 'registration-ttl',
      value: 'duration',
      about: 'how long a registration outlives its last renewal (default: 30s)',
    },
    { name: 'hold-down', value: 'duration', about: 'how long a silent node keeps its subnets (default: 24h)' },
    { name: 'leader-ttl', value: 'duration', about: 'how long leadership outlives its last renewal (default: 5s)' },
    { name: 'silence-reading', value: 'duration', about: 'time between two readings of who is silent (default: 60s)' },
    { name: 'rest', value: 'duration', about: 'how long a released subnet rests (default: 5m)' },
    { name: 'rate', value: 'number', about: 'requests a second from one client, 0 is any (default: 500)' },
    { name: 'rate-burst', value: 'number', about: 'requests that it may make at once after a pause (default: 2000)' },
    { name: 'max-connections', value: 'number', about: 'connections of all clients (default: 10000)' },
    { name: 'max-connections-per-client', value: 'number', about: 'connections of one address (default: 1000)' },
    { name: 'authority-cert', value: 'file', about: 'certificate of the authority that issues here, PEM' },
    { name: 'authority-key', value: 'file', about: 'its private key, PEM, mode 0600' },
    {
      name: 'authority-ca',
      value: 'file',
      about: 'authorities whose certificates are taken, PEM (default: that of --authority-cert)',
    },
    {
      name: 'certificate-name',
      value: 'name',
      about: 'further host name or address by which this replica is dialled, for its own certificate; repeat it',
    },
    ...credentialFlags('tls', 'nodes, operators and other replicas'),
    ...credentialFlags('etcd', 'etcd, when it is another'),
    insecureFlag,
    { name: 'log-level', value: 'level', about: 'trace, debug, info, warn, error, fatal or silent (default: info)' },
  ],
};
