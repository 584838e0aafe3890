# A node's: the same with the programs that the node-manager starts. It is root, and belongs into the host's network and pid namespace (README.md).
#   docker build --tag wgcni/wireguard-cni-node --file deploy/docker/node.Dockerfile .
ARG IMAGE=wgcni/wireguard-cni
FROM ${IMAGE}
USER 0:0
RUN apt-get update \
  && apt-get install --yes --no-install-recommends fping iproute2 iptables nftables util-linux wireguard-go wireguard-tools \
  && rm -rf /var/lib/apt/lists/*
CMD ["node-manager.cjs"]
