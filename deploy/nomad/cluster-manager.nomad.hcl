# Three cluster-managers, each on a client of its own, found by nodes through Nomad's own services.
variable "image" {
  type    = string
  default = "wgcni/wireguard-cni"
}

variable "etcd" {
  type        = string
  description = "client URLs of the members, with commas"
}

job "wgcni-cluster-manager" {
  datacenters = ["*"]
  type        = "service"

  # One at a time, the next when this one serves: a leader resigns and another leads.
  update {
    max_parallel     = 1
    min_healthy_time = "10s"
    healthy_deadline = "2m"
    auto_revert      = true
  }

  group "manager" {
    count = 3

    constraint {
      operator = "distinct_hosts"
      value    = "true"
    }

    # In the host's network: nodes reach them by the underlay, never through the mesh that they give out.
    network {
      mode = "host"
      port "rest" {
        static = 7001
      }
    }

    service {
      name     = "wgcni-manager"
      provider = "nomad"
      port     = "rest"

      check {
        type     = "tcp"
        interval = "10s"
        timeout  = "2s"
      }
    }

    task "cluster-manager" {
      driver = "docker"
      user   = "64000:64000"

      config {
        image           = var.image
        args            = ["cluster-manager.cjs"]
        network_mode    = "host"
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
      }

      env {
        WGCNI_CLUSTER        = "main"
        WGCNI_ETCD           = var.etcd
        WGCNI_REPLICA_ID     = "m-${NOMAD_SHORT_ALLOC_ID}"
        WGCNI_LISTEN         = "${NOMAD_ADDR_rest}"
        WGCNI_ADVERTISE      = "https://${NOMAD_ADDR_rest}"
        WGCNI_AUTHORITY_CERT = "/secrets/authority.pem"
        WGCNI_AUTHORITY_KEY  = "/secrets/authority.key"
        WGCNI_AUTHORITY_CA   = "/secrets/trusted.pem"
        # Makes the network when there is none; afterwards it only has to be contained in it.
        WGCNI_BOOTSTRAP = "true"
        WGCNI_POOL      = "10.64.0.0/12:24,fd64::/48:64"
      }

      # `nomad var put nomad/jobs/wgcni-cluster-manager authority_pem=@authority.pem authority_key=@authority.key trusted_pem=@trusted.pem`
      template {
        destination = "secrets/authority.pem"
        data        = "{{ with nomadVar \"nomad/jobs/wgcni-cluster-manager\" }}{{ .authority_pem }}{{ end }}"
      }
      # A key that others may read is refused.
      template {
        destination = "secrets/authority.key"
        data        = "{{ with nomadVar \"nomad/jobs/wgcni-cluster-manager\" }}{{ .authority_key }}{{ end }}"
        perms       = "600"
        uid         = 64000
        gid         = 64000
      }
      # Another authority is taken over while it runs.
      template {
        destination = "secrets/trusted.pem"
        data        = "{{ with nomadVar \"nomad/jobs/wgcni-cluster-manager\" }}{{ .trusted_pem }}{{ end }}"
        change_mode = "noop"
      }

      resources {
        cpu    = 100
        memory = 256
      }
    }
  }
}
