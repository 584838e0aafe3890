"""Uses the client that openapi-python-client makes of cluster-manager.yaml: python cluster-manager.py URL."""

import sys

from cluster_manager_client import Client
from cluster_manager_client.api.clients import delete_client, get_client, put_client
from cluster_manager_client.api.network import get_network
from cluster_manager_client.api.nodes import list_nodes
from cluster_manager_client.models import ClientInput

PUBLIC_KEY = "LYJXpA3ZLpbTiHT9CSCU3HDFnRlVnyUVG2lPPwv5hUg="
NAME = "phone-python"


def main(url: str) -> None:
    client = Client(base_url=url)

    nodes = list_nodes.sync(client=client, limit=10)
    assert [node.node_id for node in nodes.items] == ["node-1", "node-2"], nodes

    network = get_network.sync(client=client)
    assert [pool.cidr for pool in network.pools] == ["10.64.0.0/20", "fd64::/60"], network

    taken = put_client.sync(NAME, client=client, body=ClientInput(public_key=PUBLIC_KEY))
    assert taken.addresses[0].startswith("10.80.0."), taken
    removed = delete_client.sync_detailed(NAME, client=client)
    assert removed.status_code == 204, removed
    problem = get_client.sync(NAME, client=client)
    assert problem.code == "client.unknown", problem

    print("cluster-manager, Python: nodes listed, network read, a client taken in and removed, a refusal read")


main(sys.argv[1])
