#!/usr/bin/env bash
# Builds libcni's cnitool, a client to test with, where there is a Go toolchain; without it, or without a module proxy, the tests that
# need it report themselves as not run.
set -euo pipefail

version=v1.3.0
cache="$(cd "$(dirname "$0")/.." && pwd)/.cache/cnitool-$version"
[ -x "$cache/cnitool" ] && exit 0
if ! command -v go >/dev/null; then
  echo 'cnitool is not built: no Go toolchain' >&2
  exit 0
fi
mkdir -p "$cache"
GOBIN="$cache" timeout 300 go install "github.com/containernetworking/cni/cnitool@$version" ||
  echo 'cnitool is not built: go install failed' >&2
