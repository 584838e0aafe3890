/** The flags of the node-manager. */
import { credentialFlags, insecureFlag, type Program } from '@wgcni/api/server';
import { version } from './version.ts';

export const program: Program = {
  name: 'node-manager',
  about: "Keeps this node's kernel equal to the desired mesh, and serves the CNI.",
  version,
  flags: [
    { name: 'node-id', value: 'id', about: 'name of this node in the cluster', default: 'the host name' },
    { name: 'etcd', isList: true, value: 'urls', about: 'etcd members, comma separated' },
    { name: 'cluster', value: 'name', about: 'name of the cluster, as the cluster-managers have it' },
    {
      name: 'manager',
      live: true,
      // A certificate and whom it is shown to change together.
      with: ['insecure', 'join', 'tls-cert', 'tls-key', 'tls-ca'],
      isList: true,
      value: 'urls',
      about: 'cluster-managers, comma separated',
    },
    { name: 'data-dir', value: 'path', about: 'keys, records and the last view', default: '/var/lib/wgcni' },
    {
      name: 'socket',
      value: 'path',
      about: 'unix socket of the REST surface',
      default: '/run/wgcni/node-manager.sock',
    },
    {
      name: 'queue-dir',
      value: 'path',
      about: 'where the CNI plugin queues deletions',
      default: '/var/lib/wgcni/queue',
    },
    {
      name: 'listen',
      value: 'address:port',
      about: 'serve REST to operators too: over TLS, or without --tls-cert on loopback',
    },
    {
      name: 'health-listen',
      value: 'address:port',
      about: 'serve /healthz, /readyz and /metrics there: plain on loopback, else over TLS',
    },
    {
      name: 'endpoint',
      live: true,
      // Nobody is told to dial a port that nothing listens on yet.
      with: ['mesh-port'],
      isList: true,
      value: 'address:port',
      about: 'UDP endpoint that other nodes dial; repeat it or separate by commas',
    },
    {
      name: 'underlay',
      live: true,
      value: 'ifname',
      about: 'interface whose addresses others dial',
      default: "the default route's",
    },
    { name: 'mesh-port', value: 'port', about: 'UDP port for other nodes', default: '51820' },
    { name: 'pod-port', value: 'port', about: "UDP port for this node's containers, on loopback", default: '51821' },
    { name: 'container-ports', value: 'range', about: "UDP ports of containers' devices", default: '61000-65535' },
    { name: 'backend', value: 'name', about: 'WireGuard: auto, kernel or userspace', default: 'auto' },
    {
      name: 'masquerade',
      live: true,
      value: 'when',
      about: "hide containers behind the node's address outside the pools: auto, on or off",
      default: 'as the network says',
    },
    {
      name: 'advertise',
      live: true,
      isList: true,
      value: 'cidr',
      about: 'network behind this node that it offers to the mesh, once an operator approves it; repeat it',
    },
    {
      name: 'egress-source',
      isList: true,
      value: 'address',
      about: 'address of this host that they are hidden behind, one of each family; repeat it',
      default: "the interface's",
    },
    {
      name: 'containers-reach-control-plane',
      live: true,
      about: 'let containers connect to the servers of --etcd and --manager, which the packet filter drops otherwise',
    },
    {
      name: 'join',
      secret: true,
      value: 'token',
      about: 'join by this token of `wgcni token create`, or by that in the file of this absolute path; used once',
    },
    ...credentialFlags('tls', 'the cluster-managers'),
    ...credentialFlags('etcd', 'etcd, when it is another'),
    insecureFlag,
    {
      name: 'log-level',
      live: true,
      value: 'level',
      about: 'trace, debug, info, warn, error, fatal or silent',
      default: 'info',
    },
    {
      name: 'take-over',
      once: true,
      about: 'register although another instance of this node id is alive, or after a delete',
    },
    { name: 'teardown', once: true, about: 'remove everything that was ever made on this host, and end' },
  ],
};
