/** PURE: which metrics a text for Prometheus tells, and by which labels. */

/** Metric → names of its labels; of a histogram its three series, each by the name that a query uses. */
export type Told = ReadonlyMap<string, ReadonlySet<string>>;

/** Reads a text of the exposition format. A metric that has no sample is there without labels. */
export function toldIn(text: string): Told {
  const told = new Map<string, Set<string>>();
  for (const line of text.split('\n')) {
    const [, named, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (named !== undefined) for (const name of namesOf(named, type)) told.set(name, told.get(name) ?? new Set());
    const [, sampled = '', labels = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    for (const [, label = ''] of labels.matchAll(/([a-zA-Z_]\w*)="(?:[^"\\]|\\.)*"/g)) told.get(sampled)?.add(label);
  }
  return told;
}

/** Metrics of which the text has no sample. */
export function unsampled(text: string): string[] {
  const sampled = new Set(text.split('\n').flatMap((line) => /^([a-zA-Z_:][\w:]*)/.exec(line)?.[1] ?? []));
  return [...toldIn(text).keys()].filter((name) => !sampled.has(name));
}

function namesOf(name: string, type: string | undefined): string[] {
  return type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name];
}
