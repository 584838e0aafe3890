#!/usr/bin/env bash
# Makes a box of Debian 12 for libvirt, from nothing but Debian's packages and this machine's Node: `make-box.sh FILE.box`. No box is downloaded.
# Needs root for what a file system holds of owners; nothing is mounted, and no loop device is used.
# MIRROR= where packages come from; unset: what apt uses here.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
out=$(realpath -m "${1:?make-box.sh FILE.box}")
needs=(vagrant mmdebstrap mke2fs sfdisk syslinux mcopy mkfs.vfat qemu-img node)
for program in "${needs[@]}"; do
  PATH=$PATH:/sbin:/usr/sbin command -v "$program" >/dev/null || {
    echo "make-box.sh: $program is missing; as root: apt-get install vagrant mmdebstrap e2fsprogs fdisk syslinux mtools dosfstools qemu-utils" >&2
    exit 1
  }
done
[ "$(id -u)" -eq 0 ] || { echo 'make-box.sh: run it as root' >&2; exit 1; }

# Vagrant writes its well-known key when it first looks at its home.
vagrant global-status >/dev/null
insecure=${VAGRANT_HOME:-$HOME/.vagrant.d}/insecure_private_key

work=$(mktemp -d "${TMPDIR:-/tmp}/wgcni-box.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root

# What boots and is logged in to, then what the lab needs.
base=linux-image-amd64,initramfs-tools,kmod,systemd-sysv,dbus,udev,openssh-server,sudo,ca-certificates,curl,procps,libstdc++6
packages=$(sed '/^#/d' "$here/packages" | paste -sd,)
# A small initial file system: an emulated machine takes seconds for each ten megabytes. Disks of libvirt (virtio) and VirtualBox (AHCI, IDE).
modules='virtio_pci\nvirtio_blk\nahci\nata_piix\nsd_mod\next4\n'

mmdebstrap --quiet --variant=minbase --include="$base,$packages" \
  --essential-hook="mkdir -p \"\$1/etc/initramfs-tools/conf.d\" && echo MODULES=list >\"\$1/etc/initramfs-tools/conf.d/box\" && printf '$modules' >\"\$1/etc/initramfs-tools/modules\"" \
  --customize-hook="cp '$(command -v node)' \"\$1/usr/bin/node\"" \
  bookworm "$root" ${MIRROR:+"$MIRROR"}

# Where this machine's packages came from is nobody's business there.
cat >"$root/etc/apt/sources.list" <<'SOURCES'
deb http://deb.debian.org/debian bookworm main
deb http://deb.debian.org/debian bookworm-updates main
deb http://security.debian.org/debian-security bookworm-security main
SOURCES
rm -rf "$root"/etc/apt/sources.list.d/* "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.deb "$root"/var/log/*.log

echo wgcni >"$root/etc/hostname"
printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
echo 'LABEL=wgcni / ext4 noatime 0 1' >"$root/etc/fstab"
# Each machine of this box makes its own at its first start. ECDSA: it is made in a moment, and Vagrant reads it.
: >"$root/etc/machine-id"
rm -f "$root"/etc/ssh/ssh_host_*
mkdir -p "$root/etc/systemd/system/ssh.service.d" "$root/etc/ssh/sshd_config.d"
cat >"$root/etc/systemd/system/ssh.service.d/host-key.conf" <<'UNIT'
[Service]
ExecStartPre=
ExecStartPre=/bin/sh -c 'test -s /etc/ssh/ssh_host_ecdsa_key || ssh-keygen -q -t ecdsa -N "" -f /etc/ssh/ssh_host_ecdsa_key'
ExecStartPre=/usr/sbin/sshd -t
UNIT
printf 'HostKey /etc/ssh/ssh_host_ecdsa_key\nUseDNS no\nPasswordAuthentication no\n' >"$root/etc/ssh/sshd_config.d/box.conf"

# Vagrant's own key, which everybody has: it is replaced at the first `vagrant up`.
useradd --root "$root" --create-home --shell /bin/bash vagrant
install -d -m 700 "$root/home/vagrant/.ssh"
ssh-keygen -y -f "$insecure" >"$root/home/vagrant/.ssh/authorized_keys"
chmod 600 "$root/home/vagrant/.ssh/authorized_keys"
chown -R --reference="$root/home/vagrant" "$root/home/vagrant/.ssh"
echo 'vagrant ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/vagrant"
chmod 440 "$root/etc/sudoers.d/vagrant"

# The first interface is Vagrant's; it writes a file of its own for each further one.
cat >"$root/etc/systemd/network/20-eth0.network" <<'NETWORK'
[Match]
Name=eth0
[Network]
DHCP=ipv4
NETWORK
systemctl --root="$root" --quiet enable systemd-networkd ssh
systemctl --root="$root" --quiet mask systemd-networkd-wait-online apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer
systemctl --root="$root" --quiet disable etcd fstrim.timer 2>/dev/null || true

# One FAT partition with kernel and boot loader, which need no mount to be put there, and one for the system.
boot=128 size=6144
truncate -s ${boot}M "$work/boot.raw"
mkfs.vfat -F 16 -n BOOT -h 2048 "$work/boot.raw" >/dev/null
cat >"$work/syslinux.cfg" <<'BOOT'
default linux
label linux
  kernel vmlinuz
  append initrd=initrd root=LABEL=wgcni ro quiet net.ifnames=0 console=tty0 console=ttyS0 random.trust_cpu=on
BOOT
mcopy -i "$work/boot.raw" "$root"/boot/vmlinuz-* ::vmlinuz
mcopy -i "$work/boot.raw" "$root"/boot/initrd.img-* ::initrd
mcopy -i "$work/boot.raw" "$work/syslinux.cfg" ::syslinux.cfg
syslinux --install "$work/boot.raw"

image=$work/box.raw
truncate -s ${size}M "$image"
printf 'label: dos\nstart=1MiB,size=%sMiB,type=e,bootable\nstart=%sMiB,type=83\n' "$boot" "$((boot + 1))" | sfdisk --quiet "$image"
dd if=/usr/lib/syslinux/mbr/mbr.bin of="$image" bs=440 count=1 conv=notrunc status=none
dd if="$work/boot.raw" of="$image" bs=1M seek=1 conv=notrunc status=none
mke2fs -q -t ext4 -L wgcni -d "$root" -E "offset=$(((boot + 1) * 1048576))" "$image" "$((size - boot - 2))M"

qemu-img convert -O qcow2 -c "$image" "$work/box.img"
printf '{"provider":"libvirt","format":"qcow2","virtual_size":%s}\n' $((size / 1024)) >"$work/metadata.json"
: >"$work/Vagrantfile"
mkdir -p "$(dirname "$out")"
tar -C "$work" -cf "$out.new" metadata.json Vagrantfile box.img
mv "$out.new" "$out"
echo "$out: $(du -h "$out" | cut -f1)"
