# Two web servers in the mesh, anywhere in the cluster, each with an address of its own.
job "wgcni-sample" {
  datacenters = ["*"]
  type        = "service"

  group "web" {
    count = 2

    network {
      # The name in the network configuration of deploy/cni.
      mode = "cni/wgcni"
    }

    service {
      name         = "wgcni-sample"
      provider     = "nomad"
      port         = "8080"
      address_mode = "alloc"
    }

    task "web" {
      driver = "docker"

      config {
        image   = "busybox:1"
        command = "httpd"
        args    = ["-f", "-p", "8080", "-h", "/local"]
      }

      template {
        destination = "local/index.html"
        data        = "served by {{ env \"NOMAD_ALLOC_ID\" }}\n"
      }
    }
  }
}
