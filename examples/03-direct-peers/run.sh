#!/bin/bash
# Two containers of one node: first by the node, then as direct peers of each other, by hand. README.md explains it.
# shellcheck source=../lab.sh
. "$(dirname "$0")/../lab.sh"

node=$(host node)
one=$(host one)
two=$(host two)

step 'Three devices whose sockets are all on the node: its own, and one inside each container'
for name in node one two; do new_key "$name"; done
wireguard "$node" pods
wireguard "$one" eth0 "$node"
wireguard "$two" eth0 "$node"

step 'The node knows both, each knows the node: endpoints on loopback, at fixed ports'
wgset "$node" pods private-key "$(key_file node)" listen-port 51821 \
  peer "$(public_key one)" endpoint 127.0.0.1:61001 allowed-ips 10.99.0.11/32,fd99::11/128 \
  peer "$(public_key two)" endpoint 127.0.0.1:61002 allowed-ips 10.99.0.12/32,fd99::12/128
ip -n "$node" address add 10.99.0.1/32 dev pods
ip -n "$node" address add fd99::1/128 dev pods nodad
ip -n "$node" link set pods mtu 1420 up
ip -n "$node" route add 10.99.0.0/24 dev pods src 10.99.0.1
ip -n "$node" -6 route add fd99::/64 dev pods src fd99::1
on "$node" sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
# It sends packets out of the device that they came in by, and need not tell the containers of a shorter way.
on "$node" sysctl -q -w net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.pods.send_redirects=0

container() {
  wgset "$1" eth0 private-key "$(key_file "$2")" listen-port "610$3" \
    peer "$(public_key node)" endpoint 127.0.0.1:51821 allowed-ips 0.0.0.0/0,::/0
  ip -n "$1" address add "10.99.0.1${3#0}/32" dev eth0
  ip -n "$1" address add "fd99::1${3#0}/128" dev eth0 nodad
  ip -n "$1" link set eth0 mtu 1420 up
  ip -n "$1" route add default dev eth0
  ip -n "$1" -6 route add default dev eth0
}
container "$one" one 01
container "$two" two 02

step 'What it shows: all by the node'
prove 'one reaches two over IPv4' reaches "$one" 10.99.0.12
prove 'one reaches two over IPv6' reaches "$one" fd99::12
refute 'not with a packet that may make one hop only: the node is in between' reaches "$one" 10.99.0.12 -t 1
sockets() { on "$1" ss -Hlun | wc -l; }
prove 'no container has a UDP socket' test "$(($(sockets "$one") + $(sockets "$two")))" -eq 0
prove 'the node has all of them' test "$(sockets "$node")" -ge 3

step 'Direct peers, first half: each learns of the other, and sends it nothing yet'
wgset "$one" eth0 peer "$(public_key two)" endpoint 127.0.0.1:61002
wgset "$two" eth0 peer "$(public_key one)" endpoint 127.0.0.1:61001
refute 'it goes by the node still' reaches "$one" 10.99.0.12 -t 1

step 'Second half: each has the addresses of the other; the longest prefix wins over what leads to the node'
wgset "$one" eth0 peer "$(public_key two)" allowed-ips 10.99.0.12/32,fd99::12/128
wgset "$two" eth0 peer "$(public_key one)" allowed-ips 10.99.0.11/32,fd99::11/128
# Packets that came out of a tunnel on the node's device.
passed() { on "$node" cat /sys/class/net/pods/statistics/rx_packets; }
before=$(passed)
prove 'one hop is enough' reaches "$one" 10.99.0.12 -t 1
prove 'over IPv6 too' reaches "$one" fd99::12 -t 1
prove 'and the other way' reaches "$two" 10.99.0.11 -t 1
prove 'nothing of it was seen on the device of the node' test "$(passed)" -eq "$before"
prove 'who is not a direct peer is reached as before' reaches "$one" 10.99.0.1
prove 'and that was seen there' test "$(passed)" -gt "$before"

step 'Back: the addresses are taken away first'
wgset "$one" eth0 peer "$(public_key two)" remove
wgset "$two" eth0 peer "$(public_key one)" remove
prove 'one reaches two by the node again' reaches "$one" 10.99.0.12 -t 2
refute 'and only so' reaches "$one" 10.99.0.12 -t 1
done_proving
