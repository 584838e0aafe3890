#!/usr/bin/env bash
# Installs the named Debian packages that are missing; does nothing, and asks no network, when all are there. After --optional a package that
# cannot be had is named and left out: the tests that need it report themselves as not run.
set -euo pipefail

optional=
if [ "${1:-}" = --optional ]; then
  optional=yes
  shift
fi

missing=()
for package in "$@"; do
  [ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" = 'install ok installed' ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  [ -n "$optional" ] && printf 'not available: %s\n' "${missing[@]}" && exit 0
  echo "missing packages: ${missing[*]}; install them as root on Debian 12, or run make as root" >&2
  exit 1
fi

# A package that starts its own service at install would take the ports of ours.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi

echo "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
install=(apt-get install -y -qq --no-install-recommends)
if [ -z "$optional" ]; then
  apt-get update -qq
  "${install[@]}" "${missing[@]}" >/dev/null
  exit 0
fi
apt-get update -qq || true
for package in "${missing[@]}"; do
  "${install[@]}" "$package" >/dev/null || echo "not available: $package"
done
