#!/bin/sh
# Runs a program that brings labs up apart from the rest of the machine: however it ends, nothing of it goes on.
#
#   sh apart.sh PROGRAM [ARGUMENT...]
#
# It has a network, processes and mounts of its own. With its first process the kernel ends all others, detached ones too; the
# namespaces that it names, its sockets and the data of its labs are in a directory of its own, which is removed (unless this
# shell itself is killed). To stand inside while it runs: nsenter --all --target PID, of any of its processes.
set -eu

apart=$(mktemp -d /run/wgcni-apart-XXXXXX)
names='netns wireguard wgcni-lab'
for name in $names; do
  mkdir -p "$apart/$name" "/run/$name"
done

# Not the program itself is the first process, but a shell: it takes leave of processes whose parents have ended.
first='
  for name in $2; do mount --bind "$1/$name" "/run/$name"; done
  shift 2
  ip link set lo up
  "$@"
  exit $?
'
# When this shell is killed, so is the rest.
setpriv --pdeathsig KILL \
  unshare --net --mount --pid --fork --kill-child --mount-proc sh -ec "$first" sh "$apart" "$names" "$@" &
program=$!

leave() {
  rm -rf "$apart"
  rmdir --ignore-fail-on-non-empty /run/wgcni-lab || true
  exit "$1"
}
# The first process is reaped when all others are gone.
end() {
  trap '' INT TERM HUP
  pkill -KILL -P "$program" || true
  wait "$program" || true
  leave "$1"
}
trap 'end 130' INT
trap 'end 143' TERM
trap 'end 129' HUP

status=0
wait "$program" || status=$?
leave "$status"
