/** PURE: the metrics that a query of Prometheus names, and the labels that it asks each of them for. */

/** Words of the language that stand where a name could. */
const words = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan']);

/** Names of metrics in a query, each once. */
export function metricsIn(query: string): string[] {
  const bare = query
    .replace(/"(?:[^"\\]|\\.)*"/g, '')
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ');
  const names = [...bare.matchAll(/(?<![\w.$])([a-zA-Z_:][\w:]*)(?!\w)(\s*\()?/g)]
    .filter(([, , call]) => call === undefined)
    .map(([, name = '']) => name)
    .filter((name) => !words.has(name.toLowerCase()));
  return [...new Set(names)];
}

/** Labels that a metric is chosen by, as `[metric, label]`. */
export function selectorsIn(query: string): [string, string][] {
  const bare = query.replace(/"(?:[^"\\]|\\.)*"/g, '');
  return [...bare.matchAll(/([a-zA-Z_:][\w:]*)\{([^}]*)\}/g)].flatMap(([, metric = '', inner = '']) =>
    [...inner.matchAll(/([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']): [string, string] => [metric, label]),
  );
}
