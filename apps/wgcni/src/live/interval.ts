/** How often, or for how long, something is looked at. */
import { parseDuration } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';

/** Milliseconds. Throws CatalogueError `request.invalid` naming the flag. */
export function intervalOf(field: string, text: string): number {
  const value = parseDuration(text);
  if (value !== undefined && value >= 1_000 && value <= 3_600_000) return value;
  throw new CatalogueError('request.invalid', `${field} "${text}" is not a duration between 1s and 1h`, {
    field,
    remedy: 'write it like 2s or 1m',
  });
}
