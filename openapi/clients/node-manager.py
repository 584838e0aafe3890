"""Uses the client that openapi-python-client makes of node-manager.yaml: python node-manager.py URL."""

import sys

from node_manager_client import Client
from node_manager_client.api.attachments import attach, detach, get_attachment, list_attachments
from node_manager_client.api.status import get_status
from node_manager_client.models import AttachInput

KEY = ("mesh", "python", "eth0")


def main(url: str) -> None:
    client = Client(base_url=url)

    status = get_status.sync(client=client)
    assert (status.node_id, status.readiness) == ("node-1", "ready"), status

    attached = attach.sync(*KEY, client=client, body=AttachInput(netns="/run/netns/other", deadline_ms=10_000))
    assert attached.state == "attached", attached
    assert attached.addresses[0].address.startswith("10.64.1."), attached
    page = list_attachments.sync(client=client)
    assert "python" in [one.container_id for one in page.items], page

    detached = detach.sync_detailed(*KEY, client=client)
    assert detached.status_code == 204, detached
    problem = get_attachment.sync(*KEY, client=client)
    assert problem.code == "attachment.unknown", problem

    print("node-manager, Python: status read, a container attached, listed and detached, a refusal read")


main(sys.argv[1])
