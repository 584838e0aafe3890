/** The error object that a plugin prints on stdout. */
import type { CatalogueError } from '@wgcni/base';
import type { JsonObject } from './json-shape.ts';
import type { CniVersion } from './version.ts';

/** SPEC: CNI 1.1 §5 "Error": `code` by the catalogue, `msg` names what was wrong, `details` what to do about it. */
export function formatFailure(error: CatalogueError, cniVersion: CniVersion): JsonObject {
  return { cniVersion, code: error.cni, msg: error.message, details: error.remedy ?? usualRemedy(error) };
}

function usualRemedy({ retryable }: CatalogueError): string {
  return retryable
    ? 'try again; if it stays, look at the log of the node-manager'
    : 'look at the log of the node-manager';
}
