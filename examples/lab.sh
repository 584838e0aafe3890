# Namespaces, WireGuard devices and proofs, for the examples. To be sourced by bash; nothing that it makes outlives the script.
#
#   a=$(host a)                  a network namespace, and its name on this machine
#   cable "$a" eth0 "$b" eth0    a veth pair from one to the other
#   wireguard "$a" wg0 [IN]      a WireGuard device of a namespace; its UDP socket stays in IN, where another is named
#   wgset "$a" wg0 …             `wg set` on that device; `wgshow` likewise
#   on "$a" COMMAND…             in the namespace; `start "$a" FILE COMMAND…`: until the script ends
#   prove TEXT COMMAND…          it must succeed; `refute`: it must fail. Else the script ends with status 1
# shellcheck shell=bash
set -euo pipefail

# No example needs more than a few seconds.
if [ -z "${EXAMPLE_IS_BOUNDED:-}" ]; then
  EXAMPLE_IS_BOUNDED=1 exec timeout --kill-after=10 60 "$0" "$@"
fi

id=$(od -An -N3 -tx1 /dev/urandom | tr -d ' \n')
keys=$(mktemp -d)
processes=()
declare -A control=()
proven=0

clean_up() {
  local status=$?
  trap - EXIT
  # A child has this trap too until it has become its program.
  [ "$BASHPID" = "$$" ] || exit "$status"
  # Each by its own id: nothing else on this machine is ours to end. A child that has only just been forked can lose a signal.
  for pid in "${processes[@]}"; do
    while kill "$pid" 2>/dev/null; do sleep 0.02; done
  done
  for pid in "${processes[@]}"; do wait "$pid" 2>/dev/null || true; done
  for path in /run/netns/"ex-$id"-*; do if [ -e "$path" ]; then ip netns delete "${path##*/}" || true; fi; done
  rm -r -- "$keys"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

host() {
  local name="ex-$id-$1"
  ip netns add "$name"
  ip -n "$name" link set lo up
  echo "$name"
}

echo "names of this run begin with ex-$id-"

# The kernel's WireGuard where there is one; else its stand-in, one process for each device.
if ip -n "$(host try)" link add wg0 type wireguard 2>/dev/null; then
  backend=kernel
else
  backend=userspace
fi
echo "WireGuard: $backend"

cable() {
  ip -n "$1" link add "$2" type veth peer name "$4" netns "$3"
  ip -n "$1" link set "$2" up
  ip -n "$3" link set "$4" up
}

wireguard() {
  local namespace=$1 device=$2 birthplace=${3:-$1}
  if [ "$backend" = kernel ]; then
    # Made from the one namespace directly inside the other: where it is made from is where its socket stays.
    ip -n "$birthplace" link add "$device" netns "$namespace" type wireguard
    return
  fi
  # The processes of all namespaces have their control sockets in one directory: the name must be the only one on this machine.
  local name="wgex$id${#processes[@]}"
  ip netns exec "$birthplace" wireguard-go -f "$name" >/dev/null 2>&1 &
  processes+=("$!")
  until [ -S "/var/run/wireguard/$name.sock" ] && ip -n "$birthplace" link show "$name" >/dev/null 2>&1; do
    kill -0 "${processes[-1]}" || return 1
    sleep 0.02
  done
  # `wg` finds it by that first name for ever, whatever the link is called and wherever it is.
  control["$namespace/$device"]=$name
  if [ "$birthplace" = "$namespace" ]; then
    ip -n "$birthplace" link set "$name" name "$device"
  else
    ip -n "$birthplace" link set "$name" netns "$namespace" name "$device"
  fi
}

wg_on() {
  local verb=$1 namespace=$2 device=$3
  shift 3
  if [ "$backend" = kernel ]; then
    ip netns exec "$namespace" wg "$verb" "$device" "$@"
  else
    wg "$verb" "${control[$namespace/$device]}" "$@"
  fi
}
wgset() { wg_on set "$@"; }
wgshow() { wg_on show "$@"; }

# A private key stands in a file that only its owner can read: never in an argument, where every user of the machine can see it.
new_key() { (umask 077 && wg genkey >"$keys/$1"); }
key_file() { echo "$keys/$1"; }
public_key() { wg pubkey <"$keys/$1"; }

on() {
  local namespace=$1
  shift
  ip netns exec "$namespace" "$@"
}

# A program that goes on in a namespace, its output in a file, until the script ends.
start() {
  local namespace=$1 output=$2
  shift 2
  ip netns exec "$namespace" "$@" >"$output" 2>&1 &
  processes+=("$!")
}

# In seconds: what should come is waited for on a slow machine too, what should not come is not waited for long.
patience=5

# One ping from a namespace; more flags of ping may follow the address.
reaches() {
  local namespace=$1
  shift
  on "$namespace" ping -n -q -c 1 -W "$patience" "$@" >/dev/null 2>&1
}

prove() {
  local text=$1
  shift
  if ! "$@"; then
    echo "FAILED $text"
    exit 1
  fi
  proven=$((proven + 1))
  echo "ok     $text"
}

refute() {
  local text=$1 patience=1
  shift
  prove "$text" fails "$@"
}
fails() { ! "$@"; }

step() { printf '\n%s\n' "$*"; }

done_proving() { printf '\n%d proofs\n' "$proven"; }
