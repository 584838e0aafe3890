#!/bin/sh
# Saves what etcd holds as one file, whole or not at all, and keeps the newest KEEP (14) of a directory, which is for one cluster.
#   ETCDCTL_ENDPOINTS=https://192.0.2.21:2379,… ETCDCTL_CACERT=authority.pem ETCDCTL_CERT=root.pem ETCDCTL_KEY=root.key ./backup.sh DIRECTORY
# Prints the file's name. It holds everything but private keys: names, addresses, public keys, hashes of tokens.
set -eu
umask 077
export ETCDCTL_API=3

directory=${1:?the directory for backups}
keep=${KEEP:-14}
case $keep in
  0* | *[!0-9]*)
    echo "backup.sh: KEEP=$keep is no number of backups to keep: give one from 1 on" >&2
    exit 2
    ;;
esac
endpoints=${ETCDCTL_ENDPOINTS:?client URLs of the members, with commas}
unset ETCDCTL_ENDPOINTS
# From 3.6 on files are the business of etcdutl alone.
files=$(command -v etcdutl || command -v etcdctl)
mkdir -p "$directory"
file=$directory/wgcni-$(date -u +%Y%m%dT%H%M%SZ).db
trap 'rm -f "$file.part"' EXIT

# A snapshot is one member's: the first that gives one. A member that takes the call and says nothing must not stop the backup.
for endpoint in $(echo "$endpoints" | tr , ' '); do
  if timeout "${PATIENCE:-300}" etcdctl --endpoints "$endpoint" snapshot save "$file.part" >/dev/null; then
    saved=yes
    break
  fi
  echo "backup.sh: no snapshot from $endpoint" >&2
done
[ -n "${saved:-}" ] || exit 1

# What cannot be read again is no backup.
if ! "$files" --write-out simple snapshot status "$file.part" >/dev/null; then
  echo "backup.sh: $endpoint gave a file that cannot be read" >&2
  exit 1
fi
sync "$file.part"
mv "$file.part" "$file"
find "$directory" -maxdepth 1 -name 'wgcni-*.db' | sort -r | tail -n "+$((keep + 1))" | while read -r old; do rm -- "$old"; done
echo "$file"
