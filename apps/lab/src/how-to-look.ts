/** What a person can type next. */
import { type LabPlan, operatorFile, type Programs } from '@wgcni/testing';

/** Commands that show the cluster, a node and its tunnels; after the first, which says who asks, each can be pasted as it is. */
export function howToLook(plan: LabPlan, programs: Programs): string {
  const inControl = `nsenter --net=/run/netns/${plan.controlNetns}`;
  const node = plan.nodes[0];
  const manager = plan.managers[0];
  if (node === undefined || manager === undefined) return '';
  const managers = plan.managers.map(({ url }) => url).join(',');
  const etcd = plan.etcd.map(({ clientUrl }) => clientUrl).join(',');
  const curl = 'curl -s --cert $WGCNI_TLS_CERT --key $WGCNI_TLS_KEY --cacert $WGCNI_TLS_CA';
  return [
    'look further:',
    `  . ${operatorFile(plan)}   # the certificate of the lab's operator, for wgcni and curl`,
    `  ${inControl} ${programs.wgcni} --manager ${managers} status`,
    `  ${programs.wgcni} --socket ${node.socket} status`,
    `  ${inControl} ${curl} ${manager.url}/v1/nodes`,
    `  curl -s --unix-socket ${node.socket} http://node/v1/attachments`,
    `  nsenter --net=${node.netnsPath} ${programs.wgcni} --socket ${node.socket} --manager ${managers} doctor --etcd ${etcd}`,
    `  nsenter --net=${node.netnsPath} wg show   # userspace WireGuard shows the devices of every node here`,
    `  nsenter --net=${node.containers[0]?.netnsPath ?? ''} ip address`,
    '  make lab-down',
  ].join('\n');
}
