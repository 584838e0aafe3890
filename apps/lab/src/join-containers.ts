/** Attaches the lab's containers, each by executing the plugin as a runtime would. */
import type { Lab, Place } from '@wgcni/testing';

/** One place per container, with the addresses that the plugin answered. */
export async function joinContainers(lab: Lab): Promise<Place[]> {
  const all = lab.plan.nodes.flatMap((node) => node.containers.map((container) => ({ node, container })));
  const places: Place[] = [];
  for (const { node, container } of all) {
    const result = await lab.step(`container ${container.id}`, () => lab.addContainer(node, container));
    places.push({
      id: container.id,
      nodeId: node.id,
      netnsPath: container.netnsPath,
      addresses: result.ips.map(({ address }) => address.replace(/\/.*/, '')),
      gateways: result.ips.flatMap(({ gateway }) => gateway ?? []),
    });
  }
  return places;
}
