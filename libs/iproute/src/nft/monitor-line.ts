/** PURE: of which table a line of `nft monitor` tells. */

/** `add rule inet wgcni input accept`: what was done, to what kind of thing, in the table of which family and name. */
const told = /^\w+ \w+ (\w+) (\S+)/;

/** Whether it tells of the table `inet name`, or of changes that were lost: those may be of any. */
export function isOfTable(line: string, name: string): boolean {
  if (line.startsWith('# ERROR')) return true;
  const [, family, table] = told.exec(line) ?? [];
  return family === 'inet' && table === name;
}
