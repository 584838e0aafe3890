# Everything a person or a machine runs here. `make help` lists it. Needs Debian 12, root, make and Node >= 20.19.

SHELL := /bin/bash
BIN := node_modules/.bin
LAB ?= lab
# Nothing of what is run so goes on when it is ended by a signal.
APART := sh libs/testing/src/lab/apart.sh
export NX_DAEMON := false
export NX_NO_CLOUD := true
export NO_UPDATE_NOTIFIER := 1
export REDOCLY_TELEMETRY := off

# What the lab and the tests run: etcd, WireGuard, the packet tools, a container engine, a machine emulator, and systemd for its units.
PACKAGES := etcd-server etcd-client wireguard-tools wireguard-go iproute2 iptables nftables iputils-ping fping tcpdump procps util-linux curl
TEST_PACKAGES := containernetworking-plugins docker.io docker-compose busybox-static qemu-system-x86 cpio libfaketime systemd systemd-container prometheus chromium
# Container runtimes that drive the plugin, and what reads the Vagrantfile; without one its tests are skipped, by name. NOMAD= and CRIO= name programs that Debian 12 has not.
RUNTIME_PACKAGES := podman conmon runc containerd vagrant
# Machines of vagrant/ under libvirt, and the box that is made for them.
VAGRANT_PACKAGES := vagrant vagrant-libvirt libvirt-daemon libvirt-daemon-system libvirt-clients dnsmasq-base qemu-system-x86 qemu-utils openssh-client \
	mmdebstrap e2fsprogs fdisk syslinux syslinux-common mtools dosfstools

.DEFAULT_GOAL := help
.PHONY: help deps test-deps build release lab lab-down lab-status vagrant-lab test check unit int root e2e simulate test-kernel conformance crash-rounds direct-churn nemesis nemesis-check nemesis-figures planted planted-docs key-scan fuzz-api schemathesis openapi-clients coverage mutation page-picture bench bench-cni bench-link bench-metrics openapi reference metrics-reference format clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  \1\t\2/' | expand -t 16

deps: node_modules/.package-lock.json ## install what the lab needs (Debian packages, npm packages)
	@deploy/install-packages.sh $(PACKAGES)

test-deps: deps ## install what the tests need on top
	@deploy/install-packages.sh $(TEST_PACKAGES)
	@deploy/install-packages.sh --optional $(RUNTIME_PACKAGES)
	@deploy/build-cnitool.sh

node_modules/.package-lock.json: package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

build: deps ## bundle every program into apps/*/dist
	@$(BIN)/nx run-many -t build --outputStyle=static >.nx-build.log 2>&1 || { cat .nx-build.log; exit 1; }
	@rm -f .nx-build.log

release: build ## write dist/wireguard-cni-<version>.tar.gz, the same bytes each time; deploy/systemd/README.md installs it
	@deploy/make-release.sh

lab: build ## bring up a cluster of three nodes on this machine and show that every container reaches every other; LINK=veth: joined by veth
	@node apps/lab/dist/lab.cjs up --name $(LAB) $(if $(LINK),--link $(LINK))

lab-down: build ## take the lab down; nothing of it stays
	@node apps/lab/dist/lab.cjs down --name $(LAB)

lab-status: build ## what of the lab is running
	@node apps/lab/dist/lab.cjs status --name $(LAB)

vagrant-lab: release ## the machines of vagrant/ on libvirt, of a box made here, and the same proof; then they are destroyed. THEN=a command to run before that, WGCNI_EMULATE=no: by KVM
	@deploy/install-packages.sh $(VAGRANT_PACKAGES)
	@vagrant/offline.sh $(THEN)

test: test-deps build ## every check and test; the last line says how many passed, failed and were skipped
	@$(BIN)/tsx libs/testing/src/test-run/main.ts

check: deps ## types, lint, format, boundaries, dead code, OpenAPI drift
	@$(BIN)/tsx libs/testing/src/test-run/main.ts check

unit: deps ## unit tests
	@$(BIN)/vitest run --project unit

int: test-deps build ## integration tests: real etcd, three members in containers
	@$(BIN)/vitest run --project int

simulate: deps ## leasing, election, hold-down and reclaiming, simulated: SEEDS=10000 FROM=0, or SEED=n for one with its trace, PLAN=file
	@$(BIN)/tsx apps/cluster-manager/src/simulation/main.ts $(if $(SEED),--seed $(SEED)) $(if $(PLAN),--plan $(PLAN)) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(FROM),--from $(FROM))

root: test-deps build ## adapters against this machine's kernel, in namespaces of their own
	@unshare --net $(BIN)/vitest run --project root

e2e: test-deps build ## whole clusters in network namespaces
	@unshare --net $(BIN)/vitest run --project e2e

test-kernel: test-deps build ## the kernel's WireGuard, in a virtual machine
	@$(BIN)/tsx libs/testing/src/test-run/main.ts kernel

conformance: test-deps build ## every case of the CNI on our plugin and on the reference; SUBJECT=description.json: on another, ONLY=part of a case's name; LINK=veth: on ours alone, joined by veth
	@unshare --net sh -c 'ip link set lo up && exec "$$@"' sh env WGCNI_LINK=$(LINK) $(BIN)/tsx apps/e2e/src/conformance/main.ts $(SUBJECT) $(if $(ONLY),--only $(ONLY))

crash-rounds: test-deps build ## 10,000 ADDs and DELs with a kill in one of ten, then GC and audit; ROUNDS=, WORKERS=, SEED=
	@$(APART) $(BIN)/tsx apps/e2e/src/crash/main.ts

direct-churn: test-deps build ## twenty direct peers that join and leave at random, for DURATION= seconds, CONTAINERS=20, INTERVAL=50 ms, SEED=: the longest silence between any two
	@$(APART) $(BIN)/tsx apps/e2e/src/direct/main.ts

nemesis: test-deps build ## faults on a whole cluster under load, for DURATION= seconds, from SEED=, by the nemeses with ONLY= in their names, LONGEST= seconds each; CLOCKS=wild: clocks ×2 and ÷2
	@$(APART) $(BIN)/tsx apps/e2e/src/nemesis/main.ts

nemesis-check: deps ## judge a recorded run again: RUN=.cache/nemesis/…
	@$(BIN)/tsx apps/e2e/src/nemesis/check.ts $(RUN)

nemesis-figures: test-deps build ## takeovers, deposed leaders, partitions, mass silence, outages of MINUTES=: ROUNDS= times each, those with ONLY= in their names
	@$(APART) $(BIN)/tsx apps/e2e/src/nemesis/figures/main.ts

key-scan: test-deps build ## COUNT= private keys made by the real programs, and looked for in etcd, logs, answers, processes and files
	@$(APART) $(BIN)/tsx apps/e2e/src/key-scan/main.ts

fuzz-api: deps ## malformed input to both servers: REQUESTS=1000000 in process, WIRE=20000 on the wire, VALUES=10000 of the store; SEED=
	@node --expose-gc --import tsx apps/cluster-manager/src/testing/fuzz/main.ts
	@node --expose-gc --import tsx apps/node-manager/src/testing/fuzz/main.ts

schemathesis: deps ## set schemathesis, of PyPI, on both servers: requests made from their OpenAPI documents; SEED=
	@$(BIN)/tsx apps/cluster-manager/src/testing/api-clients/main.ts schemathesis $(SEED)
	@$(BIN)/tsx apps/node-manager/src/testing/api-clients/main.ts schemathesis $(SEED)

openapi-clients: deps ## generate clients of both OpenAPI documents in TypeScript and Python, and use them on both servers
	@$(BIN)/tsx apps/cluster-manager/src/testing/api-clients/main.ts clients
	@$(BIN)/tsx apps/node-manager/src/testing/api-clients/main.ts clients

planted: test-deps ## plant every bug in a copy of the tree and see the suite go red; ONLY=part of a name, QUICK=1: unit tests only
	@$(BIN)/tsx libs/testing/src/planted/main.ts $(if $(ONLY),--only $(ONLY)) $(if $(QUICK),--quick)

planted-docs: deps ## write the table of docs/planted-bugs.md
	@$(BIN)/tsx libs/testing/src/planted/main.ts --document

coverage: deps ## branch coverage of the pure libraries
	@$(BIN)/vitest run --project unit --coverage

bench: deps ## what an allocation costs, beside an empty pool and a scan
	@$(BIN)/tsx libs/ipam/bench/allocation.ts

bench-cni: test-deps build ## ADDs and DELs per second beside bridge + host-local, in one run; LINK=veth: joined by veth
	@$(APART) env WGCNI_LINK=$(LINK) $(BIN)/tsx apps/e2e/bench/cni.ts

bench-link: test-deps build ## what a TCP stream gets over each link, on one node and across two, beside plain veth; ROUNDS=, SECONDS=
	@$(APART) $(BIN)/tsx apps/e2e/bench/link.ts

page-picture: test-deps ## take the picture of the page that stands in the documentation
	@unshare --net sh -c 'ip link set lo up && exec "$$@"' sh $(BIN)/tsx apps/cluster-manager/src/testing/page/picture.ts

bench-metrics: test-deps ## what a scrape of a node with PEERS=1000 costs beside one without peers, and which processes it starts (none); SCRAPES=200
	@$(APART) $(BIN)/tsx apps/node-manager/src/testing/bench/metrics.ts

mutation: deps ## mutation score of libs/ipam
	@cd libs/ipam && ../../$(BIN)/stryker run

metrics-reference: deps ## write docs/reference/metrics.md from the programs' registries
	@$(BIN)/tsx apps/cluster-manager/src/describe-metrics.ts
	@$(BIN)/tsx apps/node-manager/src/describe-metrics.ts

openapi: deps ## write openapi/*.yaml from the schemas
	@$(BIN)/tsx apps/cluster-manager/src/openapi.ts > openapi/cluster-manager.yaml
	@$(BIN)/tsx apps/node-manager/src/openapi.ts > openapi/node-manager.yaml

reference: deps ## write docs/reference/flags.md from the programs
	@for app in cluster-manager node-manager wgcni; do $(BIN)/tsx apps/$$app/src/reference.ts || exit 1; done

format: deps ## format every file
	@$(BIN)/prettier --write --log-level warn .

clean: ## remove what was built
	rm -rf dist apps/*/dist .nx .cache coverage reports
