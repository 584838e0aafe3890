#!/bin/sh
# Runs the suites that need the kernel's WireGuard in a virtual machine; further arguments go to vitest.
set -eu
cd "$(dirname "$0")/../.."
exec node_modules/.bin/tsx libs/testing/src/kernel-vm/main.ts --writable .cache/reports -- \
  node_modules/.bin/vitest run --project kernel "$@"
