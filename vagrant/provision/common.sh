#!/bin/sh
# Every machine: Debian's packages, Node, and the release. Run again it changes nothing.
set -eu
cd /tmp/wgcni
bash ./install-packages.sh $(sed '/^#/d' packages)
# Debian starts its own; the lab has one with certificates.
systemctl disable --quiet --now etcd 2>/dev/null || true

# Debian 12 has Node 18.
if ! /usr/bin/node -e 'const [a, b] = process.versions.node.split("."); process.exit(+a > 20 || (+a === 20 && +b >= 19) ? 0 : 1)' 2>/dev/null; then
  bash ./install-packages.sh ca-certificates curl xz-utils
  from=https://nodejs.org/dist/latest-v22.x
  curl --fail --silent --show-error --output SHASUMS256.txt "$from/SHASUMS256.txt"
  archive=$(sed -n 's/.*  \(node-v[0-9.]*-linux-x64\.tar\.xz\)$/\1/p' SHASUMS256.txt)
  curl --fail --silent --show-error --output "$archive" "$from/$archive"
  grep "  $archive\$" SHASUMS256.txt | sha256sum --check --quiet
  tar --extract --file "$archive" --directory /usr --strip-components 1 "${archive%.tar.xz}/bin/node"
fi

rm -rf unpacked
mkdir unpacked
tar --extract --gzip --file release.tar.gz --directory unpacked --strip-components 1
unpacked/install.sh
rm -rf /tmp/wgcni
