/** PURE: of which links a line of `ip -o monitor link address route` tells. */

/** In `dev eth0` of a route, and in `2: eth0@if3:` of a link or an address. */
const named = /(?:^|\s)(?:dev |[0-9]+: )([^\s:@\\]+)/g;

/** Whether it tells of these links and of no other; a line that names none may tell of anything. */
export function isOnlyOf(line: string, links: readonly string[]): boolean {
  const told = [...line.matchAll(named)].map(([, name = '']) => name);
  return told.length > 0 && told.every((name) => links.includes(name));
}
