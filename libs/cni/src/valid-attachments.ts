/** GC's list of the attachments that are still wanted. */
import { isObject, misshapen, shown } from './json-shape.ts';
import type { JsonObject } from './json-shape.ts';
import { CatalogueError } from '@wgcni/base';

export interface ValidAttachment {
  containerId: string;
  ifName: string;
}

/** SPEC: CNI 1.1 GC. libcni wrote the second, wrong key at first and still writes both; the right one wins. */
const keys = ['cni.dev/valid-attachments', 'cni.dev/attachments'] as const;

/**
 * The valid attachments; `null` and `[]` both say that none is valid, an absent key (undefined) that nothing is to be removed.
 * Throws CatalogueError `config.invalid` when the list or one of its items is malformed: a list that was half read must not delete.
 */
export function parseValidAttachments(document: JsonObject): ValidAttachment[] | undefined {
  const key = keys.find((candidate) => Object.hasOwn(document, candidate));
  if (key === undefined) return undefined;
  const list = document[key] ?? [];
  if (!Array.isArray(list)) throw misshapen(list, key, 'a list', 'config.invalid');
  return list.map((item, index) => parseItem(item, `${key}[${index}]`));
}

function parseItem(item: unknown, field: string): ValidAttachment {
  if (isObject(item) && isFilled(item.containerID) && isFilled(item.ifname)) {
    return { containerId: item.containerID, ifName: item.ifname };
  }
  throw new CatalogueError('config.invalid', `${field} is ${shown(item)}, not an attachment`, {
    field,
    remedy: 'give each as {"containerID": …, "ifname": …}',
  });
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
