#!/bin/sh
# Makes one member's data anew from a backup, while no member runs. On each member's machine, with the same file, TOKEN and members:
#   ./restore.sh FILE NAME DATA_DIRECTORY e1=https://192.0.2.21:2380,e2=…,e3=… TOKEN
# TOKEN is a word that this cluster never had before (ETCD_INITIAL_CLUSTER_TOKEN). Data that is there is put aside, not removed, and only
# when the new is whole: a member that finds none would make an empty cluster.
set -eu
umask 077
export ETCDCTL_API=3

file=${1:?a backup} name=${2:?the name of this member} data=${3:?its data directory}
# What is made and what is put aside stands beside it: never in it, nor below wherever this was started.
while [ "$data" != "${data%/}" ]; do data=${data%/}; done
case $data in
  /*) ;;
  *)
    echo "restore.sh: $3 is no data directory: name it from the root on" >&2
    exit 2
    ;;
esac
members=${4:?all members with their peer URLs, as in ETCD_INITIAL_CLUSTER} token=${5:?a new token of the cluster}

peer=$(echo "$members" | tr , '\n' | sed -n "s|^$name=||p")
if [ -z "$peer" ]; then
  echo "restore.sh: $name is none of $members" >&2
  exit 2
fi
# etcd holds a lock on its store as long as it lives.
if [ -e "$data/member/snap/db" ] && ! flock --nonblock "$data/member/snap/db" true; then
  echo "restore.sh: a member runs on $data; stop all of them first" >&2
  exit 2
fi
around=$(dirname "$data")
if [ ! -d "$around" ]; then
  echo "restore.sh: $around is not there; start the member once, so that its directory belongs to whom it should, and stop it" >&2
  exit 2
fi
made=$data.restored
rm -rf "$made"
trap 'rm -rf "$made"' EXIT
"$(command -v etcdutl || command -v etcdctl)" snapshot restore "$file" --name "$name" --data-dir "$made" \
  --initial-cluster "$members" --initial-advertise-peer-urls "$peer" --initial-cluster-token "$token"
# systemd looks at the owner of the directory around it alone.
chown -R --reference="$around" "$made"
if [ -e "$data" ]; then
  aside=$data.before-$(date -u +%Y%m%dT%H%M%SZ)
  mv "$data" "$aside"
  echo "restore.sh: what was there is $aside now; remove it when the restored cluster is as it should be" >&2
fi
mv "$made" "$data"
