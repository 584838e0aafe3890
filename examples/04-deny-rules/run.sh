#!/bin/bash
# Rules on a node for what its containers may reach, with nftables, by hand. README.md explains it.
# shellcheck source=../lab.sh
. "$(dirname "$0")/../lab.sh"

node=$(host node)
one=$(host one)
two=$(host two)
three=$(host three)

step 'Three containers on a node, each with a tunnel to it'
for name in node one two three; do new_key "$name"; done
wireguard "$node" pods
wgset "$node" pods private-key "$(key_file node)" listen-port 51821
ip -n "$node" address add 10.99.0.1/32 dev pods
ip -n "$node" link set pods mtu 1420 up
ip -n "$node" route add 10.99.0.0/24 dev pods src 10.99.0.1
on "$node" sysctl -q -w net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.pods.send_redirects=0
container() {
  wireguard "$1" eth0 "$node"
  wgset "$node" pods peer "$(public_key "$2")" endpoint "127.0.0.1:610$3" allowed-ips "10.99.0.$3/32"
  wgset "$1" eth0 private-key "$(key_file "$2")" listen-port "610$3" \
    peer "$(public_key node)" endpoint 127.0.0.1:51821 allowed-ips 0.0.0.0/0
  ip -n "$1" address add "10.99.0.$3/32" dev eth0
  ip -n "$1" link set eth0 mtu 1420 up
  ip -n "$1" route add default dev eth0
}
container "$one" one 11
container "$two" two 12
container "$three" three 13

# Nobody listens here: who gets through is refused by the other side, at once. Who does not hears nothing.
arrives() {
  local status=0
  on "$1" timeout "$patience" bash -c "exec 3<>/dev/tcp/$2/$3" 2>/dev/null || status=$?
  [ "$status" -eq 1 ]
}

step 'Before: everything arrives'
prove 'one reaches port 80 of two' arrives "$one" 10.99.0.12 80
prove 'one reaches port 22 of two' arrives "$one" 10.99.0.12 22
prove 'one reaches three' reaches "$one" 10.99.0.13

step 'A table of our own: what is in the set passes, anything else between containers is counted and dropped'
# Each packet is judged by the connection that it belongs to, as that was opened: source, destination, port. So answers need no rule
# of their own, and a rule that goes takes the connections with it that stand.
rules() {
  cat <<RULES
table inet example
delete table inet example
table inet example {
  set tcp_allowed {
    type ipv4_addr . ipv4_addr . inet_service
    elements = { $1 }
  }
  counter denied {}
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname != pods accept
    meta l4proto tcp ct original ip saddr . ct original ip daddr . ct original proto-dst @tcp_allowed accept
    $2
    counter name denied drop
  }
}
RULES
}
# One transaction: at no moment there is no table, or half of one.
rules '10.99.0.11 . 10.99.0.12 . 80' 'ip protocol icmp ct original ip daddr 10.99.0.13 accept' | on "$node" nft -f -
denied() { on "$node" nft list counter inet example denied | sed -nE 's/.*packets ([0-9]+).*/\1/p'; }
prove 'one reaches port 80 of two' arrives "$one" 10.99.0.12 80
refute 'one does not reach port 22' arrives "$one" 10.99.0.12 22
refute 'two does not reach port 80 of one: a rule has a direction' arrives "$two" 10.99.0.11 80
refute 'one cannot ping two' reaches "$one" 10.99.0.12
prove 'one can ping three' reaches "$one" 10.99.0.13
prove 'what was dropped was counted' test "$(denied)" -ge 3

step 'The rule goes while a connection stands: a ping that runs since before'
start "$one" "$keys/answers" ping -n -i 0.05 10.99.0.13
answers() { grep -c 'bytes from' "$keys/answers" || true; }
answered() {
  local before end=$((SECONDS + patience))
  before=$(answers)
  while [ "$SECONDS" -le "$end" ]; do
    if [ "$(answers)" -gt "$before" ]; then return; fi
    sleep 0.1
  done
  return 1
}
prove 'it is answered' answered
rules '10.99.0.11 . 10.99.0.12 . 80' '' | on "$node" nft -f -
sleep 0.3
refute 'it is answered no more' answered
rules '10.99.0.11 . 10.99.0.12 . 80' 'ip protocol icmp ct original ip daddr 10.99.0.13 accept' | on "$node" nft -f -
prove 'and again, when the rule is back' answered
done_proving
