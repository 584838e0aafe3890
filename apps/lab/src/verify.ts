/** The lab's proof: pings over both families between all containers, to the gateways, and from every node's host. */
import { ping, reachEveryone, type Lab, type Path, type Place } from '@wgcni/testing';

/** Every path with its round-trip time; one that is broken has none. */
export async function verify(lab: Lab, places: readonly Place[]): Promise<Path[]> {
  const between = await reachEveryone(lab.plan, places);
  const gateways = await Promise.all(lab.plan.nodes.map((node) => reachGateways(lab, node.id, places)));
  return [...between, ...gateways.flat()];
}

async function reachGateways(lab: Lab, nodeId: string, places: readonly Place[]): Promise<Path[]> {
  const node = lab.plan.nodes.find(({ id }) => id === nodeId);
  if (node === undefined) return [];
  const client = lab.nodeClient(node);
  const { items } = await client.attachments();
  await client.close();
  const paths: Path[] = [];
  for (const attachment of items) {
    const place = places.find(({ id }) => id === attachment.containerId);
    if (place === undefined) continue;
    for (const { gateway } of attachment.addresses) {
      paths.push({
        from: place.id,
        to: `${nodeId} (gateway)`,
        address: gateway,
        roundTripMs: await ping(place.netnsPath, gateway),
      });
    }
  }
  return paths;
}
