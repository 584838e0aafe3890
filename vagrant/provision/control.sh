#!/bin/sh
# control ADDRESS: the authority, etcd, a cluster-manager and the operator, as docs/guide.md has them. Run again it changes nothing.
set -eu
address=$1
umask 077

# The operator's own directory, as on the machine of a person; `authority/authority.key` is the key of the whole lab.
home=/etc/wgcni/lab
mkdir -p "$home"
cd "$home"
[ -d authority ] || wgcni authority create --dir authority
[ -d etcd ] || wgcni authority issue etcd etcd --dir authority --out etcd --host "$address"
[ -d root ] || wgcni authority issue etcd-root root --dir authority --out root
[ -d operator ] || wgcni authority issue operator vagrant --dir authority --out operator --cluster lab --role admin
operator=/home/vagrant/.wgcni
install -d -m 700 -o vagrant -g vagrant "$operator"
install -m 600 -o vagrant -g vagrant operator/vagrant.pem operator/vagrant.key authority/authority.pem "$operator"
cat >/etc/profile.d/wgcni-lab.sh <<PROFILE
export WGCNI_MANAGER=https://$address:7001
export WGCNI_TLS_CERT=$operator/vagrant.pem WGCNI_TLS_KEY=$operator/vagrant.key WGCNI_TLS_CA=$operator/authority.pem
PROFILE
chmod 644 /etc/profile.d/wgcni-lab.sh

# etcd: one member. More of them, on machines of their own: deploy/etcd.
install -d -m 700 /etc/wgcni/etcd
install -m 600 etcd/etcd.pem /etc/wgcni/etcd/cert.pem
install -m 600 etcd/etcd.key /etc/wgcni/etcd/key.pem
install -m 600 authority/authority.pem /etc/wgcni/etcd/ca.pem
cat >/etc/wgcni/etcd.env <<ETCD
ETCD_NAME=control
ETCD_LISTEN_CLIENT_URLS=https://$address:2379
ETCD_ADVERTISE_CLIENT_URLS=https://$address:2379
ETCD_LISTEN_PEER_URLS=https://127.0.0.1:2380
ETCD_INITIAL_ADVERTISE_PEER_URLS=https://127.0.0.1:2380
ETCD_INITIAL_CLUSTER=control=https://127.0.0.1:2380
ETCD_CLIENT_CERT_AUTH=true
ETCD_PEER_CLIENT_CERT_AUTH=true
ETCD_AUTO_COMPACTION_MODE=periodic
ETCD_AUTO_COMPACTION_RETENTION=1h
ETCD_LOG_LEVEL=warn
ETCD
install -m 644 /usr/share/doc/wgcni/deploy/etcd/wgcni-etcd.service /etc/systemd/system/
systemctl daemon-reload
systemctl enable --quiet --now wgcni-etcd
wgcni etcd setup --etcd "https://$address:2379" --cluster lab --etcd-cert root/root.pem --etcd-key root/root.key --etcd-ca authority/authority.pem

# The cluster-manager, whose first start makes the network.
for file in authority.pem authority.key; do install -m 600 "authority/$file" /etc/wgcni/cluster-manager/; done
[ -e /etc/wgcni/cluster-manager/trusted.pem ] || install -m 600 authority/authority.pem /etc/wgcni/cluster-manager/trusted.pem
handed=/run/credentials/wgcni-cluster-manager.service/pki_
cat >/etc/wgcni/cluster-manager.env <<MANAGER
WGCNI_ETCD=https://$address:2379
WGCNI_CLUSTER=lab
WGCNI_REPLICA_ID=control
WGCNI_LISTEN=$address:7001
WGCNI_ADVERTISE=https://$address:7001
WGCNI_BOOTSTRAP=true
WGCNI_POOL=10.64.0.0/12:24,fd64::/48:64
WGCNI_CLIENT_POOL=10.200.0.0/16,fd65::/64
WGCNI_AUTHORITY_CERT=${handed}authority.pem
WGCNI_AUTHORITY_KEY=${handed}authority.key
WGCNI_AUTHORITY_CA=${handed}trusted.pem
WGCNI_TLS_CERT=
WGCNI_TLS_KEY=
WGCNI_TLS_CA=
WGCNI_ETCD_CERT=
WGCNI_ETCD_KEY=
WGCNI_ETCD_CA=
MANAGER
systemctl enable --quiet --now wgcni-cluster-manager
. /etc/profile.d/wgcni-lab.sh
tries=0
until wgcni status >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -lt 40 ] || {
    wgcni status || true
    journalctl --no-pager --lines 20 --unit wgcni-cluster-manager --unit wgcni-etcd >&2
    exit 1
  }
  sleep 2
done
echo 'the control plane serves'
