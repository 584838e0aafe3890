/** PURE: in which order kernel modules must be loaded, from `modules.dep`. */

/**
 * Paths (relative to the modules directory) of the named modules and all that they need, each after what it needs. `names` are
 * written as `lsmod` does, `-` and `_` alike. Throws when `modules.dep` has no such module.
 */
export function loadOrder(modulesDep: string, names: readonly string[]): string[] {
  const needs = new Map<string, string[]>();
  for (const line of modulesDep.split('\n')) {
    const [path, rest] = line.split(':');
    if (path && rest !== undefined)
      needs.set(
        path,
        rest.split(' ').filter((word) => word !== ''),
      );
  }
  const paths = new Map([...needs.keys()].map((path) => [moduleName(path), path]));
  const order = new Set<string>();
  const add = (path: string): void => {
    if (order.has(path)) return;
    for (const need of needs.get(path) ?? []) add(need);
    order.add(path);
  };
  for (const name of names) {
    const path = paths.get(moduleName(name));
    if (path === undefined) throw new Error(`this kernel has no module ${name}`);
    add(path);
  }
  return [...order];
}

/** `kernel/net/9p/9pnet_virtio.ko` → `9pnet_virtio`. */
function moduleName(path: string): string {
  return path
    .replace(/^.*\//, '')
    .replace(/\.ko(\..*)?$/, '')
    .replaceAll('-', '_');
}
