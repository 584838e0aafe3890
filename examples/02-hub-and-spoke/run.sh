#!/bin/bash
# Three spokes that see nobody but a hub, and reach each other by it, by hand. README.md explains it.
# shellcheck source=../lab.sh
. "$(dirname "$0")/../lab.sh"

switch=$(host switch)
hub=$(host hub)
one=$(host one)
two=$(host two)
three=$(host three)

step 'The network between them: a switch whose ports of the spokes let nothing through to each other'
ip -n "$switch" link add br0 type bridge
ip -n "$switch" link set br0 up
join() {
  cable "$1" eth0 "$switch" "$2"
  ip -n "$switch" link set "$2" master br0
  ip -n "$1" address add "192.0.2.$3/24" dev eth0
}
join "$hub" hub 1
join "$one" one 11
join "$two" two 12
join "$three" three 13
for name in one two three; do ip -n "$switch" link set "$name" type bridge_slave isolated on; done

step 'The hub: one device, one peer for each spoke with exactly its addresses, no endpoints'
for name in hub one two three; do new_key "$name"; done
wireguard "$hub" wg0
wgset "$hub" wg0 private-key "$(key_file hub)" listen-port 51820 \
  peer "$(public_key one)" allowed-ips 10.99.0.11/32,fd99::11/128 \
  peer "$(public_key two)" allowed-ips 10.99.0.12/32,fd99::12/128 \
  peer "$(public_key three)" allowed-ips 10.99.0.13/32,fd99::13/128
ip -n "$hub" address add 10.99.0.1/24 dev wg0
ip -n "$hub" address add fd99::1/64 dev wg0 nodad
ip -n "$hub" link set wg0 mtu 1420 up
on "$hub" sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1

step 'Each spoke: one peer, the hub, behind which everything is; the first word must be theirs'
spoke() {
  wireguard "$1" wg0
  wgset "$1" wg0 private-key "$(key_file "$2")" \
    peer "$(public_key hub)" endpoint 192.0.2.1:51820 allowed-ips 10.99.0.0/24,fd99::/64 persistent-keepalive 25
  ip -n "$1" address add "10.99.0.$3/24" dev wg0
  ip -n "$1" address add "fd99::$3/64" dev wg0 nodad
  ip -n "$1" link set wg0 mtu 1420 up
}
spoke "$one" one 11
spoke "$two" two 12
spoke "$three" three 13

step 'What it shows'
knows_three() { [ "$(wgshow "$hub" wg0 endpoints | grep -c '192.0.2.1[123]:')" -eq 3 ]; }
waits_for() {
  for _ in $(seq 100); do
    if "$@"; then return; fi
    sleep 0.05
  done
  return 1
}
prove 'the hub has learnt where each spoke is, from their first packets' waits_for knows_three
refute 'one does not reach two by the switch' reaches "$one" 192.0.2.12
prove 'one reaches two by the hub over IPv4' reaches "$one" 10.99.0.12
prove 'one reaches two by the hub over IPv6' reaches "$one" fd99::12
prove 'three reaches one' reaches "$three" 10.99.0.11
refute 'a packet that may make one hop ends at the hub' reaches "$one" 10.99.0.12 -t 1
prove 'two hops are enough' reaches "$one" 10.99.0.12 -t 2

ip -n "$one" address add 10.99.0.13/32 dev wg0
refute 'one does not speak as three: the hub knows whose key is whose address' reaches "$one" 10.99.0.12 -I 10.99.0.13
ip -n "$one" address delete 10.99.0.13/32 dev wg0

step 'The hub forgets two; all others stay as they are'
wgset "$hub" wg0 peer "$(public_key two)" remove
refute 'two is cut off' reaches "$one" 10.99.0.12
prove 'one and three are not' reaches "$one" 10.99.0.13
done_proving
