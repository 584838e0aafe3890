/** PURE: readings as Prometheus reads them (text format 0.0.4). A thousand peers are three thousand lines: nothing is kept or hashed for them. */

/** One reading of a metric: a value with the labels that it is told by. */
export interface Reading {
  labels?: Record<string, string>;
  value: number;
}

export interface Family {
  name: string;
  type: 'gauge' | 'counter';
  help: string;
}

/** The lines of one metric, the last one ended; without readings only what it is. */
export function textOf({ name, type, help }: Family, readings: readonly Reading[]): string {
  let text = `# HELP ${name} ${help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}\n# TYPE ${name} ${type}\n`;
  for (const { labels, value } of readings) text += `${name}${labelsText(labels)} ${valueText(value)}\n`;
  return text;
}

function labelsText(labels: Record<string, string> = {}): string {
  let text = '';
  for (const name in labels) text += `${text === '' ? '' : ','}${name}="${escaped(labels[name] ?? '')}"`;
  return text === '' ? '' : `{${text}}`;
}

function escaped(value: string): string {
  return /[\\"\n]/.test(value) ? value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n') : value;
}

function valueText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';
}
