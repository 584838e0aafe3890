/** PURE: any failure of a request as a catalogue error that names the field and what to do. */
import { CatalogueError, type ErrorCode, messageOf } from '@wgcni/base';

interface Invalid {
  instancePath: string;
  keyword: string;
  params: Record<string, unknown>;
  message?: string;
}

/** Codes of the server's own refusals. */
const refusals: Readonly<Record<string, readonly [ErrorCode, remedy: string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['media.unsupported', 'send JSON with content-type: application/json'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['request.too-large', 'send less in one request'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['request.invalid', 'send a JSON body, or no content-type'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['request.invalid', 'send well-formed JSON'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['request.invalid', 'send a body of the announced length'],
  FST_ERR_BAD_URL: ['request.invalid', 'percent-encode the path'],
};

/** The catalogue error for whatever a handler or the server threw. */
export function errorOf(thrown: unknown): CatalogueError {
  if (thrown instanceof CatalogueError) return thrown;
  const { code, validation, validationContext, statusCode } = asServerError(thrown);
  if (validation?.[0] !== undefined) return invalid(validation[0], validationContext ?? 'request');
  const known = refusals[code ?? ''];
  if (known !== undefined)
    return new CatalogueError(known[0], messageOf(thrown), { field: 'body', remedy: known[1], cause: thrown });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new CatalogueError('request.invalid', messageOf(thrown), {
      field: 'request',
      remedy: 'see /openapi.json for what is taken',
      cause: thrown,
    });
  }
  return new CatalogueError('internal.failed', `the request failed: ${messageOf(thrown)}`, {
    remedy: "try again; the server's log says more",
    cause: thrown,
  });
}

interface ServerError {
  code?: string;
  statusCode?: number;
  validation?: Invalid[];
  validationContext?: string;
}

function asServerError(thrown: unknown): ServerError {
  return typeof thrown === 'object' && thrown !== null ? thrown : {};
}

function invalid({ instancePath, keyword, params, message }: Invalid, where: string): CatalogueError {
  const named = params['missingProperty'] ?? params['additionalProperty'];
  const path = [...instancePath.split('/').slice(1), ...(typeof named === 'string' ? [named] : [])];
  const field = path.length === 0 ? where : path.join('.');
  const said =
    keyword === 'additionalProperties'
      ? 'is not known here'
      : keyword === 'required'
        ? 'is missing'
        : (message ?? 'is wrong');
  return new CatalogueError('request.invalid', `${where === 'params' ? 'path' : where} field "${field}" ${said}`, {
    field,
    remedy:
      keyword === 'additionalProperties'
        ? 'leave it out; see /openapi.json for what is taken'
        : remedyOf(keyword, params),
  });
}

function remedyOf(keyword: string, params: Record<string, unknown>): string {
  const allowed = params['allowedValues'];
  if (Array.isArray(allowed)) return `use one of ${allowed.join(', ')}`;
  if (keyword === 'pattern') return `give a value of the form ${String(params['pattern'])}`;
  return 'see /openapi.json for the form of this field';
}
