#!/usr/bin/env bash
# `make vagrant-lab`: the machines of the Vagrantfile on libvirt, of a box that is made here: nothing is asked of a network. Further words: a command to
# run once they are up; then they are destroyed. WGCNI_EMULATE=no: by KVM, where the machine has it.
# libvirt runs in namespaces of its own, with a configuration and a state of its own: what the machine itself has of it stays as it is.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=$here/../.cache/vagrant
export VAGRANT_HOME=$cache/home VAGRANT_DOTFILE_PATH=$cache/machines
export VAGRANT_CHECKPOINT_DISABLE=1
export WGCNI_EMULATE=${WGCNI_EMULATE:-yes} WGCNI_BOX=wgcni-bookworm
[ "$(id -u)" -eq 0 ] || { echo 'offline.sh: run it as root' >&2; exit 1; }

if [ -z "${WGCNI_OFFLINE_INSIDE:-}" ]; then
  mkdir -p "$cache"
  # Of another recipe it is another box.
  recipe=$(cat "$here/make-box.sh" "$here/packages" | sha256sum | cut -c 1-12)
  box=$cache/$recipe.box
  [ -e "$box" ] || "$here/make-box.sh" "$box"
  export WGCNI_OFFLINE_INSIDE=$box
  # Held by what runs inside, until the last of it has ended.
  exec 9>"$cache/lock"
  flock --nonblock 9 || { echo 'offline.sh: another run has these machines: wait for it, or take another clone' >&2; exit 1; }
  exec unshare --net --mount --pid --fork --kill-child --mount-proc "$0" "$@"
fi

ip link set lo up
mount -t tmpfs tmpfs /run
state=$cache/libvirt
forget() { rm -rf "$state" "$VAGRANT_DOTFILE_PATH"; }
# Also the machines of a run that was cut short.
forget
trap forget EXIT
mkdir -p /run/lock "$state/lib/images" "$state/log/qemu" "$state/etc"
cp -R /etc/libvirt/. "$state/etc/"
# Without polkit, without control groups of its own, and as root: it is alone here.
cat >"$state/etc/libvirtd.conf" <<'CONF'
auth_unix_rw = "none"
CONF
cat >"$state/etc/qemu.conf" <<'CONF'
user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = []
namespaces = []
remember_owner = 0
stdio_handler = "file"
CONF
mount --bind "$state/etc" /etc/libvirt
mount --bind "$state/lib" /var/lib/libvirt
mount --bind "$state/log" /var/log/libvirt
libvirtd >"$state/libvirtd.log" 2>&1 &
tries=0
until virsh --connect qemu:///system list >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -lt 50 ] || { cat "$state/libvirtd.log" >&2; exit 1; }
  sleep 0.2
done

cd "$here"
vagrant box list | grep -q "^$WGCNI_BOX " && vagrant box remove --force "$WGCNI_BOX" >/dev/null
vagrant box add --name "$WGCNI_BOX" "$WGCNI_OFFLINE_INSIDE" >/dev/null
status=0
vagrant up --provider libvirt || status=$?
if [ "$status" -eq 0 ] && [ $# -gt 0 ]; then "$@" || status=$?; fi
vagrant destroy --force >/dev/null
exit "$status"
