/** Makes a part of the document what a tree says, changing only what differs: what is there keeps its focus and its scroll. */
import type { Child, Element as Wanted } from '@wgcni/api/picture';

const svgSpace = 'http://www.w3.org/2000/svg';
/** Key of each element that we made. */
const keys = new WeakMap<Node, string>();

/** The children of `parent` become `wanted`, in that order. */
export function patchChildren(parent: Element, wanted: readonly Child[]): void {
  const found = match(parent, wanted);
  const kept = new Set<Node | undefined>(found);
  // ORDER: what goes is gone before anything is placed: an element that is moved loses the focus.
  for (const node of [...parent.childNodes]) if (!kept.has(node)) node.remove();
  let next = parent.firstChild;
  wanted.forEach((child, index) => {
    const node = found[index] ?? make(child, parent);
    if (node === next) next = next.nextSibling;
    else parent.insertBefore(node, next);
    if (typeof child === 'string') {
      if (node.nodeValue !== child) node.nodeValue = child;
    } else patch(node as Element, child);
  });
}

/** For each child the node that stands for it already: by its key, or without one by its place among those without. */
function match(parent: Element, wanted: readonly Child[]): (Node | undefined)[] {
  const keyed = new Map<string, Node>();
  const others: Node[] = [];
  for (const node of parent.childNodes) {
    const key = keys.get(node);
    if (key === undefined) others.push(node);
    else keyed.set(key, node);
  }
  let place = 0;
  return wanted.map((child) => {
    const key = typeof child === 'string' ? undefined : child.key;
    const node = key === undefined ? others[place++] : keyed.get(key);
    return node !== undefined && isOf(node, child) ? node : undefined;
  });
}

function isOf(node: Node, child: Child): boolean {
  return typeof child === 'string' ? node instanceof Text : node instanceof Element && node.localName === child.tag;
}

function make(child: Child, parent: Element): Node {
  if (typeof child === 'string') return document.createTextNode(child);
  const isSvg = child.tag === 'svg' || parent.namespaceURI === svgSpace;
  const node = isSvg ? document.createElementNS(svgSpace, child.tag) : document.createElement(child.tag);
  if (child.key !== undefined) keys.set(node, child.key);
  return node;
}

function patch(node: Element, { attributes, children }: Wanted): void {
  for (const name of node.getAttributeNames()) if (!Object.hasOwn(attributes, name)) node.removeAttribute(name);
  for (const [name, value] of Object.entries(attributes))
    if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  patchChildren(node, children);
}
