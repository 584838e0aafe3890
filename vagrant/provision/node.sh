#!/bin/sh
# node ID CONTROL NETWORK: a node-manager that joins by its token, the plugin, and Podman that uses it. Run again it changes nothing.
set -eu
id=$1 control=$2 network=$3
umask 077

# The interface of the private network, which the others reach: the first one is Vagrant's.
underlay=$(ip -oneline address show to "$network" | awk '{ print $2; exit }')
[ -n "$underlay" ] || { echo "no interface has an address in $network" >&2; exit 1; }

if [ ! -e /etc/wgcni/node-manager.env ]; then
  cat >/etc/wgcni/node-manager.env <<NODE
WGCNI_NODE_ID=$id
WGCNI_CLUSTER=lab
WGCNI_ETCD=https://$control:2379
WGCNI_MANAGER=https://$control:7001
WGCNI_UNDERLAY=$underlay
WGCNI_JOIN=/etc/wgcni/node-manager/token
NODE
fi
systemctl enable --quiet --now wgcni-node-manager
socket=/run/wgcni/node-manager.sock
tries=0
until curl --silent --fail --unix-socket $socket http://node/readyz >/dev/null; do
  tries=$((tries + 1))
  [ "$tries" -lt 120 ] || {
    journalctl --no-pager --lines 20 --unit wgcni-node-manager >&2
    exit 1
  }
  sleep 1
done

umask 022
wgcni cni install --plugin /usr/lib/wgcni/current/wireguard-cni.cjs --config /usr/lib/wgcni/current/cni/10-wireguard-cni.conflist
mkdir -p /etc/containers/containers.conf.d
cat >/etc/containers/containers.conf.d/wgcni.conf <<'PODMAN'
[network]
network_backend = "cni"
cni_plugin_dirs = ["/opt/cni/bin"]
network_config_dir = "/etc/cni/net.d"
default_network = "wgcni"
[engine]
runtime = "crun"
PODMAN
echo "$id is ready, by the WireGuard of $(uname -r)"
