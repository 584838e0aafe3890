#!/bin/sh
# Makes what compose.yaml mounts, below ./state: an authority, certificates of three etcd members and of an operator. As root, once.
#   HOST_ADDRESS=192.0.2.1 ./prepare.sh
# HOST_ADDRESS is the address by which nodes and operators dial this machine. The authority's key is left in ./state/managers, where the
# cluster-managers read it, and in ./state/authority: put that copy away offline.
set -eu
umask 077
cd "$(dirname "$0")"

: "${HOST_ADDRESS:?the address by which nodes and operators dial this machine}"
image=${WGCNI_IMAGE:-wgcni/wireguard-cni}
cluster=${WGCNI_CLUSTER:-main}
# Of USER in the Dockerfile.
nobody=64000:64000

if [ -e state ]; then
  echo "prepare.sh: $(pwd)/state is there; it is the only copy of this cluster's authority: move it away to begin anew" >&2
  exit 1
fi
mkdir -p state/operator state/managers

authority() {
  docker run --rm --user 0:0 --network none --volume "$(pwd)/state:/state" --workdir /state "$image" /usr/lib/wgcni/wgcni.cjs authority "$@"
}

authority create --dir authority
authority issue etcd-root root --dir authority --out operator
authority issue operator operator --dir authority --out operator --cluster "$cluster" --role admin
for member in etcd1 etcd2 etcd3; do
  mkdir -p "state/$member/data" "state/$member/pki"
  # All of one name: it is what tells a member from a node, which has a certificate of the same authority.
  authority issue etcd etcd --dir authority --out "$member/issued" --host "$member" --host "$HOST_ADDRESS"
  mv "state/$member/issued/etcd.pem" "state/$member/pki/cert.pem"
  mv "state/$member/issued/etcd.key" "state/$member/pki/key.pem"
  rmdir "state/$member/issued"
  cp state/authority/authority.pem "state/$member/pki/ca.pem"
done
cp state/authority/authority.pem state/operator/authority.pem
cp state/authority/authority.pem state/authority/authority.key state/managers/
# A copy, so that another authority can be added to it later without a stop.
cp state/authority/authority.pem state/managers/trusted.pem
chown -R "$nobody" state/managers state/operator state/etcd1 state/etcd2 state/etcd3
echo "HOST_ADDRESS=$HOST_ADDRESS" >.env
