#!/bin/sh
# Stops both programs, tears the node's devices, routes and packet filter down, and removes every release of this machine. The configuration
# in /etc/wgcni stays; --purge takes that too. Containers that run lose their network.
set -eu

home=/usr/lib/wgcni
node=wgcni-node-manager.service
manager=wgcni-cluster-manager.service
purge=
case "${1:-}" in
  '') ;;
  --purge) purge=yes ;;
  *)
    echo 'usage: uninstall.sh [--purge]' >&2
    exit 2
    ;;
esac

refuse() {
  echo "uninstall.sh: $1" >&2
  exit 1
}

# Left there, it would have the next node-manager that is enabled here tear its node down.
forget_change() {
  rm -f "$change/teardown.conf"
  [ ! -d "$change" ] || rmdir --ignore-fail-on-non-empty "$change"
  systemctl daemon-reload
}

# The unit itself with all that the operator changed in it, once, to tear down: only so its flags and files are the ones that it ran with.
tear_down() {
  change=/run/systemd/system/$node.d
  trap forget_change EXIT
  trap 'exit 130' INT TERM HUP
  mkdir -p "$change"
  # Folders that systemd made for it cannot be removed from inside a file system that is read-only beside them.
  printf '%s\n' '[Service]' Type=oneshot Restart=no TimeoutStartSec=120 ProtectSystem=no Environment=WGCNI_TEARDOWN=true >"$change/teardown.conf"
  systemctl daemon-reload
  status=0
  systemctl start "$node" || status=$?
  forget_change
  trap - EXIT INT TERM HUP
  [ "$status" -eq 0 ] && return
  journalctl --no-pager --output=cat --lines=5 --unit="$node" >&2
  refuse 'the node was not torn down, by the reason above: mend that and run this again (the programs are still there)'
}

# Links of ours alone: what somebody else put there stays.
unlink_ours() {
  case "$(readlink "$1" || true)" in "$home"/*) rm -f -- "$1" ;; esac
}

[ "$(id -u)" -eq 0 ] || refuse 'run it as root'
[ -d /run/systemd/system ] || refuse 'needs systemd as it runs: it starts the node-manager once more, to tear down'

# ORDER: with its configuration gone a runtime asks the plugin no more; with the node torn down nothing is lost with the programs.
rm -f /etc/cni/net.d/10-wireguard-cni.conflist /etc/cni/net.d/20-wireguard-cni-chained.conflist
for unit in "$manager" "$node"; do
  systemctl disable --now --quiet "$unit" 2>/dev/null || true
done
if [ -e "$home/current" ] && [ -e /var/lib/wgcni ]; then tear_down; fi
systemctl reset-failed "$manager" "$node" 2>/dev/null || true

for unit in "$manager" "$node"; do rm -f "/usr/lib/systemd/system/$unit"; done
systemctl daemon-reload
for path in /usr/bin/wgcni /opt/cni/bin/wireguard-cni /usr/share/doc/wgcni /usr/share/man/man8/wgcni.8 /usr/share/bash-completion/completions/wgcni \
  /usr/share/zsh/vendor-completions/_wgcni /usr/share/fish/vendor_completions.d/wgcni.fish; do
  unlink_ours "$path"
done
# A copy that `wgcni cni install` made of ours.
if cmp -s "$home/current/wireguard-cni.cjs" /opt/cni/bin/wireguard-cni; then rm -f /opt/cni/bin/wireguard-cni; fi
rm -rf "$home" /run/wgcni
for directory in /opt/cni/bin /opt/cni /etc/wgcni/cluster-manager /etc/wgcni/node-manager /etc/wgcni /var/lib/wgcni /run/wireguard; do
  [ ! -d "$directory" ] || rmdir --ignore-fail-on-non-empty -- "$directory"
done
if [ -n "$purge" ]; then
  rm -rf /etc/wgcni /var/lib/wgcni "/etc/systemd/system/$manager.d" "/etc/systemd/system/$node.d"
  systemctl daemon-reload
fi
for kept in /etc/wgcni /var/lib/wgcni; do
  [ ! -d "$kept" ] || echo "$kept is kept"
done
echo 'wireguard-cni is removed'
