/** Whether a browser asks for a page of another site: a certificate goes along with whatever a browser sends, also with what its user never meant. */
import { CatalogueError } from '@wgcni/base';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** What a browser sends with a request that it makes by itself, and no other program does. */
export interface Sent {
  method: string;
  /** Header `Sec-Fetch-Site`: where the request was made, as the browser sees it. */
  site: string | undefined;
  /** Header `Origin`: the site of the page that made it. */
  origin: string | undefined;
  /** What this server was asked as: scheme, host and port. */
  asked: string;
}

/** They change nothing, and another site cannot read what is answered. */
const harmless: readonly string[] = ['GET', 'HEAD'];
/** Of this server's own page, or of the person at the browser. */
const own: readonly string[] = ['same-origin', 'none'];

/** PURE: whether a page that is not of this server makes the request, and it may change something. Either header is enough to tell. */
export function isForeign({ method, site, origin, asked }: Sent): boolean {
  if (harmless.includes(method)) return false;
  if (site !== undefined && !own.includes(site)) return true;
  if (origin === undefined) return false;
  const ours = originOf(asked);
  return ours === undefined || originOf(origin) !== ours;
}

/** FENCE: before anybody is known by a certificate. Answers `request.foreign`. */
export function refuseForeignSites(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    if (!isForeign(sentBy(request))) return;
    throw new CatalogueError('request.foreign', 'a page of another site has made this browser ask for it', {
      remedy: 'when you meant it, do it by wgcni; give a browser no certificate but one of the role read',
    });
  });
}

function sentBy({ method, headers, protocol, host }: FastifyRequest): Sent {
  return {
    ...{ method, asked: `${protocol}://${host}` },
    ...{ site: textOf(headers['sec-fetch-site']), origin: textOf(headers.origin) },
  };
}

/** A header that came twice is none that a browser sends: both of its values together are nobody's. */
function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join() : header;
}

/** In the one way of writing it; a text that is no origin, as the `null` of a page in a frame, is none of ours. */
function originOf(text: string): string | undefined {
  return URL.canParse(text) ? new URL(text).origin : undefined;
}
