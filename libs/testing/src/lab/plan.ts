/** The names, addresses and ports of one lab: pure, so that `down` finds what `up` made from the name alone. */

export interface ContainerPlan {
  /** The container id that the plugin is given. */
  id: string;
  netns: string;
  netnsPath: string;
}

export interface NodePlan {
  id: string;
  netns: string;
  netnsPath: string;
  underlay: { v4: string; v6: string };
  dataDir: string;
  queueDir: string;
  socket: string;
  log: string;
  containers: ContainerPlan[];
}

/** A member or a manager that stands apart has a namespace and an address of its own, so that it can be cut off. */
export interface Apart {
  /** Its address on the bridge. */
  address: string;
  /** Absent: it runs in the control namespace, with all the others. */
  netns?: string;
  netnsPath?: string;
}

export interface EtcdPlan extends Apart {
  name: string;
  clientUrl: string;
  peerUrl: string;
  dataDir: string;
  log: string;
}

export interface ManagerPlan extends Apart {
  id: string;
  listen: string;
  url: string;
  log: string;
}

export interface LabPlan {
  name: string;
  /** Everything the lab writes: data, logs, sockets, its own record. */
  dir: string;
  /** Namespace of the bridge, etcd and the managers. */
  controlNetns: string;
  bridge: string;
  control: { v4: string; v6: string };
  cluster: string;
  etcd: EtcdPlan[];
  managers: ManagerPlan[];
  nodes: NodePlan[];
  pools: string[];
  clientPools: string[];
}

export interface LabSize {
  nodes?: number;
  containersPerNode?: number;
  managers?: number;
  etcd?: number;
  /** Whether each etcd member and each manager has a namespace of its own. */
  isApart?: boolean;
  /** `CIDR:LEN` each, as `--pool` takes them. */
  pools?: string[];
  /** CIDRs that external clients get addresses of; none by default. */
  clientPools?: string[];
}

export const defaultPools = ['10.64.0.0/12:24', 'fd64::/48:64'];
export const usualClientPools = ['10.80.0.0/24', 'fd80::/64'];

/** Lab names are short, since they stand in namespace and interface names. */
export const labNamePattern = /^[a-z][a-z0-9]{0,9}$/;

/** The plan of the lab `name`; addresses are of the documentation ranges (RFC 5737, RFC 3849) inside namespaces of its own. */
export function planLab(name: string, size: LabSize = {}): LabPlan {
  if (!labNamePattern.test(name)) {
    throw new Error(`lab name "${name}": use one to ten lower-case letters and digits, beginning with a letter`);
  }
  const dir = `/run/wgcni-lab/${name}`;
  const control = { v4: '192.0.2.1', v6: '2001:db8::1' };
  return {
    name,
    dir,
    controlNetns: `wgcni-${name}`,
    bridge: `br-${name}`,
    control,
    cluster: name,
    etcd: numbers(size.etcd ?? 3).map((n) => {
      const apart = placeApart(`wgcni-${name}-etcd${n}`, 200 + n, size.isApart === true, control.v4);
      return {
        ...apart,
        name: `etcd${n}`,
        clientUrl: `https://${apart.address}:${2378 + n}0`,
        peerUrl: `https://${apart.address}:${2378 + n}1`,
        dataDir: `${dir}/etcd${n}/data`,
        log: `${dir}/log/etcd${n}.log`,
      };
    }),
    managers: numbers(size.managers ?? 3).map((n) => {
      const apart = placeApart(`wgcni-${name}-m${n}`, 210 + n, size.isApart === true, control.v4);
      return {
        ...apart,
        id: `${name}-m${n}`,
        listen: `${apart.address}:${7000 + n}`,
        url: `https://${apart.address}:${7000 + n}`,
        log: `${dir}/log/manager${n}.log`,
      };
    }),
    nodes: numbers(size.nodes ?? 3).map((n) => planNode(name, dir, n, size.containersPerNode ?? 2)),
    pools: size.pools ?? defaultPools,
    clientPools: size.clientPools ?? [],
  };
}

/** The namespace that a process of it is started in, as `startProcess` takes it. */
export function inItsNamespace({ netnsPath }: Apart): { netnsPath?: string } {
  return netnsPath === undefined ? {} : { netnsPath };
}

function placeApart(netns: string, last: number, isApart: boolean, control: string): Apart {
  return isApart ? { address: `192.0.2.${last}`, netns, netnsPath: `/run/netns/${netns}` } : { address: control };
}

function planNode(name: string, dir: string, n: number, containers: number): NodePlan {
  const netns = `wgcni-${name}-n${n}`;
  return {
    id: `${name}-n${n}`,
    netns,
    netnsPath: `/run/netns/${netns}`,
    underlay: { v4: `192.0.2.${10 + n}`, v6: `2001:db8::${10 + n}` },
    dataDir: `${dir}/n${n}/data`,
    queueDir: `${dir}/n${n}/queue`,
    socket: `${dir}/n${n}/run/node-manager.sock`,
    log: `${dir}/log/n${n}.log`,
    containers: numbers(containers).map((c) => planContainer(name, n, c)),
  };
}

/** Container `c` of node `n`; more than the plan lists can be added while the lab runs. */
export function planContainer(name: string, n: number, c: number): ContainerPlan {
  const id = `${name}-n${n}-c${c}`;
  return { id, netns: `wgcni-${id}`, netnsPath: `/run/netns/wgcni-${id}` };
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
