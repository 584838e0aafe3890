/** The wire form of an error: RFC 9457 problem details with our catalogue code, field and remedy. */
import { catalogue, CatalogueError, type ErrorCode } from './errors.ts';

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

/** The error that a problem body names; an unknown code or another shape becomes `fallback`. */
export function fromProblem(body: unknown, fallback: ErrorCode): CatalogueError {
  const problem: Partial<Problem> = typeof body === 'object' && body !== null ? body : {};
  const code =
    problem.code !== undefined && Object.hasOwn(catalogue, problem.code) ? (problem.code as ErrorCode) : fallback;
  return new CatalogueError(code, problem.detail ?? 'the answer was not a problem document', {
    ...(problem.field === undefined ? {} : { field: problem.field }),
    ...(problem.remedy === undefined ? {} : { remedy: problem.remedy }),
  });
}
