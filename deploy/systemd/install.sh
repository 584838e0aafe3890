#!/bin/sh
# Puts this release beside those that are there, below /usr/lib/wgcni, and lets `current` name it; also the upgrade, and the way back.
# Starts and restarts nothing, and touches no configuration: README.md says in which order.
set -eu

home=/usr/lib/wgcni
units=/usr/lib/systemd/system
plugin=/opt/cni/bin/wireguard-cni
release=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)

refuse() {
  echo "install.sh: $1" >&2
  exit 1
}

# A link by rename: whoever looks meanwhile finds the old one or the new one.
link() {
  mkdir -p "$(dirname -- "$2")"
  ln -sfn -- "$1" "$2.new"
  mv -fT -- "$2.new" "$2"
}

[ "$(id -u)" -eq 0 ] || refuse 'run it as root'
[ -f "$release/VERSION" ] || refuse "$release is no release: unpack the archive and run the install.sh in it"
version=$(cat "$release/VERSION")
(cd "$release" && sha256sum --check --quiet SHA256SUMS) || refuse "$release is damaged: unpack the archive again"

# That of the units, which may be another than that of the path.
[ -x /usr/bin/node ] || refuse 'the units start /usr/bin/node, which is not there: install node 20.19 or newer, or link it there'
/usr/bin/node -e 'const [a, b] = process.versions.node.split("."); process.exit(+a > 20 || (+a === 20 && +b >= 19) ? 0 : 1)' 2>/dev/null ||
  refuse "the units start /usr/bin/node, and it is $(/usr/bin/node --version 2>&1): install node 20.19 or newer there"

# ORDER: complete before it has its name, and named before anything points to it.
if [ "$release" != "$home/$version" ]; then
  if [ -e "$home/$version" ]; then
    cmp -s "$release/SHA256SUMS" "$home/$version/SHA256SUMS" ||
      refuse "$home/$version is another release of the same version: uninstall that, or build this with a version of its own"
  else
    rm -rf "$home/new"
    mkdir -p "$home"
    cp -R -- "$release" "$home/new"
    chown -R 0:0 "$home/new"
    # Whoever unpacked it may have had a umask of 077; a program that is nobody reads it.
    chmod 755 "$home"
    chmod -R u=rwX,go=rX "$home/new"
    sync -f "$home/new"
    mv -T -- "$home/new" "$home/$version"
  fi
fi
before=$(readlink "$home/current" || true)
link "$version" "$home/current"

mkdir -p "$units"
for unit in wgcni-cluster-manager.service wgcni-node-manager.service; do
  install -m 644 "$home/$version/systemd/$unit" "$units/$unit.new"
  mv -f "$units/$unit.new" "$units/$unit"
  [ ! -e "/etc/systemd/system/$unit" ] || echo "attention: /etc/systemd/system/$unit hides the unit of this release: remove it, or take its changes over with systemctl edit"
done
link "$home/current/wgcni.cjs" /usr/bin/wgcni
link "$home/current/wireguard-cni.cjs" "$plugin"
link "$home/current/doc" /usr/share/doc/wgcni
# Only for whom this machine has.
for pair in man/wgcni.8:man/man8/wgcni.8 completions/wgcni.bash:bash-completion/completions/wgcni \
  completions/wgcni.zsh:zsh/vendor-completions/_wgcni completions/wgcni.fish:fish/vendor_completions.d/wgcni.fish; do
  to=/usr/share/${pair##*:}
  [ ! -d "$(dirname -- "$to")" ] || link "$home/current/${pair%%:*}" "$to"
done
# Whoever installs may have a umask of 077, and the cluster-manager is nobody; the directories in it keep their files to root.
[ -d /etc/wgcni ] || install -d -m 755 /etc/wgcni
case $(stat -c %A /etc/wgcni) in
  *x) ;;
  *) echo 'attention: the cluster-manager cannot look into /etc/wgcni, and reads no cluster-manager.yaml there: chmod 755 /etc/wgcni' ;;
esac
for program in cluster-manager node-manager; do
  [ -d "/etc/wgcni/$program" ] || mkdir -m 700 "/etc/wgcni/$program"
done
[ ! -d /run/systemd/system ] || systemctl daemon-reload

# The release that was in use stays, for the way back; older ones go. One that is installed again has nothing before it.
if [ "${before:-$version}" != "$version" ]; then
  for other in "$home"/*/; do
    name=$(basename -- "$other")
    [ -f "$other/VERSION" ] || continue
    case $name in current | "$version" | "$before") ;; *) rm -rf -- "$other" ;; esac
  done
fi

missing=
for pair in ip:iproute2 wg:wireguard-tools nft:nftables iptables-restore:iptables nsenter:util-linux fping:fping; do
  command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair##*:}"
done
echo "wireguard-cni $version is installed${before:+; before: $before}"
[ -z "$missing" ] || echo "a node needs these packages too:$missing"
[ -e /sys/module/wireguard ] || modprobe --quiet --dry-run wireguard 2>/dev/null || command -v wireguard-go >/dev/null ||
  echo 'a node needs the WireGuard of its kernel, or the package wireguard-go'
echo "next: /usr/share/doc/wgcni/deploy/systemd/README.md; nothing was started or restarted"
