#!/usr/bin/env bash
# Writes dist/wireguard-cni-<version>.tar.gz from a built checkout: the same bundles give the same archive, byte for byte.
# `make-release.sh [checkout [directory]]`: the bundles and the version of another checkout (an older release), and where the archive goes.
set -euo pipefail

tree=$(cd "$(dirname "$0")/.." && pwd)
built=${1:-$tree}
out=${2:-$tree/dist}
version=$(node -p 'require(process.argv[1]).version' "$(cd "$built" && pwd)/package.json")
name=wireguard-cni-$version

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
into=$stage/$name

# Modes are said: those of a checkout follow the umask of whoever made it.
put() {
  local mode=$1 to=$into/$2
  shift 2
  install -d -m 755 "$to"
  install -m "$mode" "$@" "$to"
}

for program in cluster-manager node-manager wgcni; do
  put 755 . "$built/apps/$program/dist/$program.cjs"
done
install -m 755 "$built/apps/cni/dist/cni.cjs" "$into/wireguard-cni.cjs"
put 755 . "$tree/deploy/systemd/install.sh" "$tree/deploy/systemd/uninstall.sh"
put 644 systemd "$tree"/deploy/systemd/*.service "$tree"/deploy/systemd/*.example
put 644 cni "$tree"/deploy/cni/*.conflist
put 644 . "$tree/README.md"
# Laid out as in the repository, so that links lead somewhere. Named one by one: what a lab has left there, keys among it, is no part of a release.
put 644 doc "$tree/README.md"
put 644 doc/docs "$tree"/docs/*.md
for part in decisions reference; do put 644 "doc/docs/$part" "$tree/docs/$part"/*.md; done
put 644 doc/docs/images "$tree"/docs/images/*.png
put 644 doc/openapi "$tree"/openapi/*.yaml
put 644 doc/deploy "$tree/deploy/README.md"
put 644 doc/vagrant "$tree"/vagrant/{README.md,packages}
for part in cni docker etcd kubernetes nomad prometheus systemd; do put 644 "doc/deploy/$part" "$tree/deploy/$part/README.md"; done
put 644 doc/deploy/docker "$tree"/deploy/docker/{Dockerfile,node.Dockerfile,compose.yaml}
put 755 doc/deploy/docker "$tree/deploy/docker/prepare.sh"
put 644 doc/deploy/etcd "$tree"/deploy/etcd/{etcd.env.example,wgcni-etcd.service}
put 755 doc/deploy/etcd "$tree"/deploy/etcd/{backup,restore}.sh
put 644 doc/deploy/kubernetes "$tree"/deploy/kubernetes/*.yaml
put 644 doc/deploy/nomad "$tree"/deploy/nomad/*.hcl
put 644 doc/deploy/prometheus "$tree"/deploy/prometheus/{alerts.yaml,dashboard.json}
# wgcni writes them from its own words; those of an older release could not.
install -d -m 755 "$into/man" "$into/completions"
words() { WGCNI_MANAGER='' node "$tree/apps/wgcni/dist/wgcni.cjs" "$@"; }
words man >"$into/man/wgcni.8"
for shell in bash zsh fish; do words completion "$shell" >"$into/completions/wgcni.$shell"; done
echo "$version" >"$into/VERSION"
chmod 644 "$into/VERSION" "$into"/man/* "$into"/completions/*
(
  cd "$into"
  find . -type f ! -name SHA256SUMS -print0 | LC_ALL=C sort -z | xargs -0 sha256sum >SHA256SUMS
  chmod 644 SHA256SUMS
)

mkdir -p "$out"
# The clock, the builder's user and the order of a directory are no part of a release.
LC_ALL=C tar --create --sort=name --mtime=@1767225600 --owner=0 --group=0 --numeric-owner --format=gnu \
  --directory "$stage" "$name" | gzip --no-name --best >"$out/$name.tar.gz.part"
mv "$out/$name.tar.gz.part" "$out/$name.tar.gz"
echo "$out/$name.tar.gz"
