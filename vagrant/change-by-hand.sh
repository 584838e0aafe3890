#!/bin/sh
# On a node, as root: `vagrant ssh n1 -c 'sudo sh -s' <change-by-hand.sh`. Changes by hand, one after another, what the node-manager keeps, and says
# after how many seconds it was found, mended and told. Status 1 when one is not within LIMIT=15 s.
set -eu
limit=${LIMIT:-15}
status=0
mesh=wgcni-mesh
foreign=$(wg genkey | wg pubkey)

events() { curl --silent --unix-socket /run/wgcni/node-manager.sock "http://node/v1/events?$1"; }
last_of() { printf '%s' "$1" | sed -n 's/.*"last":"\([^"]*\)".*/\1/p'; }

# changed KIND COMMAND...: makes the change, and waits for an event of that kind.
changed() {
  kind=$1
  shift
  after=$(last_of "$(events '')")
  began=$(date +%s.%N)
  "$@"
  told=
  while [ -z "$told" ] && [ "$(date +%s)" -lt $((${began%.*} + 2 * limit)) ]; do
    page=$(events "wait=$limit${after:+&after=$after}")
    after=$(last_of "$page")
    told=$(printf '%s' "$page" | tr '{' '\n' | grep "\"kind\":\"$kind\"" | sed -n '1s/.*"at":"\([^"]*\)".*/\1/p') || true
  done
  if [ -z "$told" ]; then
    echo "NOT FOUND: $*"
    status=1
    return
  fi
  seconds=$(date --date "$told" +%s.%N | awk -v began="$began" '{ printf "%.1f", $1 - began }')
  echo "$seconds s  $kind: $*"
  awk -v took="$seconds" -v limit="$limit" 'BEGIN { exit took > limit }' || status=1
}

echo "WireGuard of $(uname -r): $(ip -details link show $mesh | grep -o wireguard | head -1)"
changed repair.peer-restored wg set $mesh peer "$(wg show $mesh peers | head -1)" remove
changed repair.peer-restored wg set wgcni-pods peer "$(wg show wgcni-pods peers | head -1)" remove
changed repair.peer-removed wg set $mesh peer "$foreign" allowed-ips 198.51.100.0/24
changed repair.peer-removed wg set wgcni-pods peer "$foreign" allowed-ips 198.51.100.1/32
changed repair.route-restored ip route delete "$(ip -4 route show dev $mesh | awk 'NR == 1 { print $1 }')" dev $mesh
changed repair.link-corrected ip link set $mesh mtu 1300
changed repair.chains-restored iptables -F WGCNI-FORWARD
changed repair.policy-restored nft flush table inet wgcni
changed repair.switch-restored sysctl --quiet --write net.ipv4.ip_forward=0
changed repair.device-restored ip link delete $mesh
changed repair.device-restored ip link delete wgcni-pods
exit $status
