/** The one look at the node's namespace by which all its attachments are judged. */
import type { Core } from './core.ts';
import type { Surroundings } from './links/link.ts';

/** What every link's liveness is told by; the links are read only while an attachment is judged by them. */
export async function lookAround({ deps, register }: Core): Promise<Surroundings> {
  const bound = await deps.udpPorts.bound();
  if (!register.all().some(({ link }) => link === 'veth')) return { bound, links: new Set() };
  const { links } = await deps.iproute.observe(undefined);
  return { bound, links: new Set(links.map(({ name }) => name)) };
}
