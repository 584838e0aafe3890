# A node-manager on each client, from the release that is installed there (deploy/systemd/install.sh); raw_exec has to be enabled.
variable "etcd" {
  type        = string
  description = "client URLs of the members, with commas"
}

variable "managers" {
  type        = string
  description = "URLs of the cluster-managers with commas, for a start while Nomad knows none of them"
}

job "wgcni-node-manager" {
  datacenters = ["*"]
  type        = "system"

  # Tunnels outlive it; while it is away ADD waits and DEL is queued.
  update {
    max_parallel = 1
    stagger      = "30s"
  }

  group "node" {
    # It must be there as long as the client is.
    restart {
      attempts = 10
      interval = "5m"
      delay    = "1s"
      mode     = "delay"
    }

    task "node-manager" {
      driver = "raw_exec"
      user   = "root"

      config {
        command = "/usr/bin/node"
        args    = ["/usr/lib/wgcni/current/node-manager.cjs"]
      }

      env {
        WGCNI_NODE_ID = "${node.unique.name}"
        WGCNI_CLUSTER = "main"
        WGCNI_ETCD    = var.etcd
        # Put there once on each client (0600), by whoever installs it; used once.
        WGCNI_JOIN = "/etc/wgcni/node-manager/token"
        # A userspace tunnel would be a process of this task, and end with it.
        WGCNI_BACKEND = "kernel"
      }

      # The cluster-managers as Nomad knows them at the start. A change of the list restarts nothing: each is asked in turn, and one is enough.
      template {
        destination = "local/managers.env"
        env         = true
        change_mode = "noop"
        data        = <<-EOT
          WGCNI_MANAGER={{ with nomadService "wgcni-manager" }}{{ range $i, $one := . }}{{ if $i }},{{ end }}https://{{ $one.Address }}:{{ $one.Port }}{{ end }}{{ else }}${var.managers}{{ end }}
        EOT
      }

      resources {
        cpu    = 100
        memory = 256
      }
    }
  }
}
