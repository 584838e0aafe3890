#!/bin/sh
# Makes what compose.yaml mounts, below ./state: an authority, certificates of three etcd members and of an operator. As root, once.
#   HOST_ADDRESS=192.0.2.1 ./prepare.sh
# HOST_ADDRESS is the address by which nodes and operators dial this machine; it and WGCNI_CLUSTER, WGCNI_IMAGE may stand in .env, where they
# are written to otherwise. The authority's key is left in ./state/managers, where the cluster-managers read it, and in ./state/authority: put
# that copy away offline.
set -eu
umask 077
cd "$(dirname "$0")"

if [ "$(id -u)" -ne 0 ]; then
  echo "prepare.sh: run it as root: the files are given to the user of the containers" >&2
  exit 1
fi
if [ -e state ]; then
  echo "prepare.sh: $(pwd)/state is there; it is the only copy of this cluster's authority: move it away to begin anew" >&2
  exit 1
fi

# What compose reads, so that both mean the same.
said() { sed -n "s/^$1=//p" .env 2>/dev/null | tail -n 1; }
HOST_ADDRESS=${HOST_ADDRESS:-$(said HOST_ADDRESS)}
: "${HOST_ADDRESS:?the address by which nodes and operators dial this machine}"
cluster=${WGCNI_CLUSTER:-$(said WGCNI_CLUSTER)}
cluster=${cluster:-main}
image=${WGCNI_IMAGE:-$(said WGCNI_IMAGE)}
image=${image:-wgcni/wireguard-cni}
# Of USER in the Dockerfile.
nobody=64000:64000

# What was begun and not ended has no one's authority in it yet.
rm -rf state.part
mkdir -p state.part/operator state.part/managers

authority() {
  docker run --rm --user 0:0 --network none --volume "$(pwd)/state.part:/state" --workdir /state "$image" /usr/lib/wgcni/wgcni.cjs authority "$@"
}

authority create --dir authority
authority issue etcd-root root --dir authority --out operator
authority issue operator operator --dir authority --out operator --cluster "$cluster" --role admin
for member in etcd1 etcd2 etcd3; do
  own=state.part/$member
  mkdir -p "$own/data" "$own/pki"
  # All of one name: it is what tells a member from a node, which has a certificate of the same authority.
  authority issue etcd etcd --dir authority --out "$member/issued" --host "$member" --host "$HOST_ADDRESS"
  mv "$own/issued/etcd.pem" "$own/pki/cert.pem"
  mv "$own/issued/etcd.key" "$own/pki/key.pem"
  rmdir "$own/issued"
  cp state.part/authority/authority.pem "$own/pki/ca.pem"
done
cp state.part/authority/authority.pem state.part/operator/authority.pem
cp state.part/authority/authority.pem state.part/authority/authority.key state.part/managers/
# A copy, so that another authority can be added to it later without a stop.
cp state.part/authority/authority.pem state.part/managers/trusted.pem
chown -R "$nobody" state.part/managers state.part/operator state.part/etcd1 state.part/etcd2 state.part/etcd3

{
  if [ -e .env ]; then grep -v -e '^HOST_ADDRESS=' -e '^WGCNI_CLUSTER=' -e '^WGCNI_IMAGE=' .env || true; fi
  echo "HOST_ADDRESS=$HOST_ADDRESS"
  echo "WGCNI_CLUSTER=$cluster"
  echo "WGCNI_IMAGE=$image"
} >.env.part
# Nothing of ours in it is secret, and whoever may use the engine reads it; what else stands there may be, and stays as open as it was.
if [ -e .env ]; then chmod --reference=.env .env.part; else chmod 644 .env.part; fi
mv .env.part .env
mv state.part state
