#!/bin/bash
# A WireGuard tunnel between two hosts, by hand. README.md explains it.
# shellcheck source=../lab.sh
. "$(dirname "$0")/../lab.sh"

a=$(host a)
b=$(host b)

step 'The network between them: a cable, and an address of each family at each end'
cable "$a" eth0 "$b" eth0
ip -n "$a" address add 192.0.2.1/24 dev eth0
ip -n "$b" address add 192.0.2.2/24 dev eth0

step 'A key pair for each, and a device with an address of each family'
for name in a b; do new_key "$name"; done
wireguard "$a" wg0
wireguard "$b" wg0
ip -n "$a" address add 10.99.0.1/24 dev wg0
ip -n "$a" address add fd99::1/64 dev wg0 nodad
ip -n "$b" address add 10.99.0.2/24 dev wg0
ip -n "$b" address add fd99::2/64 dev wg0 nodad

step 'Each gets the public key of the other, where it is, and which addresses are its own'
wgset "$a" wg0 private-key "$(key_file a)" listen-port 51820 \
  peer "$(public_key b)" endpoint 192.0.2.2:51820 allowed-ips 10.99.0.2/32,fd99::2/128
wgset "$b" wg0 private-key "$(key_file b)" listen-port 51820 \
  peer "$(public_key a)" endpoint 192.0.2.1:51820 allowed-ips 10.99.0.1/32,fd99::1/128
ip -n "$a" link set wg0 mtu 1420 up
ip -n "$b" link set wg0 mtu 1420 up

step 'What arrives at b by the cable is counted by its kind'
on "$b" nft -f - <<'RULES'
table inet wire {
  counter tunnel {}
  counter clear {}
  chain input {
    type filter hook input priority 0;
    iifname eth0 udp dport 51820 counter name tunnel accept
    iifname eth0 meta l4proto { icmp, tcp } counter name clear
  }
}
RULES
counted() { on "$b" nft list counter inet wire "$1" | sed -nE 's/.*packets ([0-9]+).*/\1/p'; }

step 'What it shows'
prove 'a reaches b by the tunnel over IPv4' reaches "$a" 10.99.0.2
prove 'a reaches b by the tunnel over IPv6' reaches "$a" fd99::2
prove 'b reaches a by the tunnel' reaches "$b" 10.99.0.1
prove 'a packet as large as the tunnel carries gets through undivided' reaches "$a" 10.99.0.2 -M 'do' -s 1392
refute 'a larger one does not' reaches "$a" 10.99.0.2 -M 'do' -s 1393
prove 'packets of the tunnel were on the cable' test "$(counted tunnel)" -gt 0
prove 'nothing else was: not one packet in clear' test "$(counted clear)" -eq 0

ip -n "$a" address add 10.99.0.77/32 dev wg0
refute 'an address that is not among the allowed IPs of a gets nothing to b' reaches "$a" 10.99.0.2 -I 10.99.0.77

ip -n "$a" address delete 192.0.2.1/24 dev eth0
ip -n "$a" address add 192.0.2.9/24 dev eth0
# The kernel's WireGuard takes the new source address at once; wireguard-go when it is told its port again, or a handshake later.
wgset "$a" wg0 listen-port 51820
prove 'a moves to another address, and goes on' reaches "$a" 10.99.0.2
endpoint_is() { wgshow "$b" wg0 endpoints | grep -q "$1"; }
prove 'b has followed it: the endpoint is the new address' endpoint_is 192.0.2.9:51820
done_proving
