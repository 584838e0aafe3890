/** The header `If-Match`: the revision of what the caller has seen. */
import { CatalogueError } from '@wgcni/base';

/** Undefined when nothing is said. Throws CatalogueError `request.invalid` for what is no ETag of ours. */
export function ifMatchOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const match = /^"([0-9]+)"$/.exec(header);
  if (match !== null) return Number(match[1]);
  throw new CatalogueError('request.invalid', `if-match ${header} is not an ETag of ours`, {
    field: 'if-match',
    remedy: 'give the etag of GET /v1/network as it was',
  });
}
