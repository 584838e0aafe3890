#!/bin/sh
# The checks of `make lab` on the machines that run: every container pings every other, its gateway, and is pinged from every node.
set -eu
cd "$(dirname "$0")"
config=$(mktemp)
trap 'rm -f "$config"' EXIT
vagrant ssh-config >"$config"
node ../apps/lab/dist/lab.cjs check --ssh-config "$config"
