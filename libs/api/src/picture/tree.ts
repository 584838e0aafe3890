/** PURE: elements of HTML and SVG as values, and their text. */
import { printable } from '@wgcni/base/plain-text';

export interface Element {
  tag: string;
  /** Tells it from its siblings when it is drawn anew. */
  key: string | undefined;
  attributes: Readonly<Record<string, string>>;
  children: readonly Child[];
}

export type Child = Element | string;
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An attribute that is undefined or false is none; one that is true has no value. `key` is none of the document. */
export function el(tag: string, attributes: Attributes = {}, ...children: readonly Child[]): Element {
  const { key, ...rest } = attributes;
  const set = Object.entries(rest).filter(([, value]) => value !== undefined && value !== false);
  return {
    tag,
    key: key === undefined ? undefined : String(key),
    attributes: Object.fromEntries(set.map(([name, value]) => [name, value === true ? '' : String(value)])),
    children,
  };
}

/** The element as text, good as HTML and as XML, whatever stands in it. */
export function markup(child: Child): string {
  if (typeof child === 'string') return escaped(child);
  const { tag, attributes, children } = child;
  const set = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(value)}"`);
  // Of a style sheet nothing is escaped: it is text of ours.
  const inside = children.map((each) => (tag === 'style' && typeof each === 'string' ? each : markup(each))).join('');
  return `<${tag}${set.join('')}>${inside}</${tag}>`;
}

/** Every text in it, as somebody hears it who does not see it. */
export function textOf(child: Child): string {
  return typeof child === 'string' ? child : child.children.map(textOf).join(' ');
}

function escaped(text: string): string {
  return printable(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
