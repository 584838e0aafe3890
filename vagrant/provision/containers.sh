#!/bin/sh
# containers ID: two containers on the mesh, of an image made of busybox here; they may ping.
set -eu
id=$1
if ! podman image exists localhost/wgcni-lab; then
  root=$(mktemp -d)
  mkdir -p "$root/bin" "$root/etc" "$root/proc" "$root/sys" "$root/dev" "$root/tmp"
  cp /bin/busybox "$root/bin/busybox"
  for applet in sh sleep ping ip cat httpd wget; do ln -s busybox "$root/bin/$applet"; done
  chmod 755 "$root"
  tar --create --directory "$root" . | podman --log-level error import --quiet - localhost/wgcni-lab >/dev/null
  rm -rf "$root"
fi
for name in "$id-c1" "$id-c2"; do
  [ "$(podman container inspect --format '{{.State.Running}}' "$name" 2>/dev/null)" != true ] || continue
  # An emulated machine may need more than the 30 s that the plugin gives an ADD: an orchestrator tries again, and so does this.
  tries=0
  until
    podman --log-level error rm --force --ignore --time 0 "$name" >/dev/null
    podman --log-level error run --quiet --detach --cap-add NET_RAW --name "$name" --hostname "$name" localhost/wgcni-lab sleep infinity >/dev/null
  do
    tries=$((tries + 1))
    [ "$tries" -lt 3 ] || exit 1
  done
done
echo "containers: $(podman ps --format '{{.Names}}' | sort | paste -s -d ' ')"
