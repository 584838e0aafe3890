/** The wire form of an error: RFC 9457 problem details with our catalogue code, field and remedy. */
import { catalogue, CatalogueError, type ErrorCode } from './errors.ts';
import { oneLine } from './plain-text.ts';

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  field?: string;
  remedy?: string;
  retryable: boolean;
}

/** The `application/problem+json` body for an error. */
export function toProblem(error: CatalogueError): Problem {
  return {
    type: `urn:wgcni:error:${error.code}`,
    title: error.code.replace(/[.-]/g, ' '),
    status: error.http,
    detail: error.message,
    code: error.code,
    ...(error.field === undefined ? {} : { field: error.field }),
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
    retryable: error.retryable,
  };
}

/** The error that a problem body names, its words as one line each; an unknown code or another shape becomes `fallback`. */
export function fromProblem(body: unknown, fallback: ErrorCode): CatalogueError {
  const problem: Partial<Record<keyof Problem, unknown>> = typeof body === 'object' && body !== null ? body : {};
  const [code, detail, field, remedy] = [problem.code, problem.detail, problem.field, problem.remedy].map(wordsOf);
  const known = code !== undefined && Object.hasOwn(catalogue, code) ? (code as ErrorCode) : fallback;
  return new CatalogueError(known, detail ?? 'the answer was not a problem document', {
    ...(field === undefined ? {} : { field }),
    ...(remedy === undefined ? {} : { remedy }),
  });
}

function wordsOf(value: unknown): string | undefined {
  return typeof value === 'string' ? oneLine(value) : undefined;
}
