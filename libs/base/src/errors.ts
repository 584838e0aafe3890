/** The one error catalogue: code → HTTP status, CNI code, and whether trying again can help. */

interface CatalogueEntry {
  http: number;
  /** CNI 1.1 error code, or one of ours from 100 on. */
  cni: number;
  retryable: boolean;
}

const entry = (http: number, cni: number, retryable = false): CatalogueEntry => ({ http, cni, retryable });

export const catalogue = {
  'cni.version-unsupported': entry(400, 1),
  'cni.field-unsupported': entry(400, 2),
  'container.unknown': entry(404, 3),
  'environment.invalid': entry(400, 4),
  'io.failed': entry(500, 5, true),
  'decode.failed': entry(400, 6),
  'config.invalid': entry(400, 7),
  'netns.is-host': entry(400, 8),
  'try.again': entry(503, 11, true),
  'node.unavailable': entry(503, 50, true),
  'node.limited': entry(503, 51, true),
  'node-manager.unreachable': entry(503, 100, true),
  'pool.exhausted': entry(409, 101, true),
  'address.unavailable': entry(409, 102),
  'interface.exists': entry(409, 103),
  'netns.unusable': entry(400, 104),
  'kernel.refused': entry(500, 105, true),
  'request.denied': entry(403, 106),
  'identity.missing': entry(401, 106),
  'identity.refused': entry(403, 106),
  'identity.deleted': entry(403, 106),
  'identity.replaced': entry(403, 106),
  'token.refused': entry(401, 7),
  'token.exists': entry(409, 7),
  'authority.unknown': entry(403, 7),
  'authority.absent': entry(409, 7),
  'timed.out': entry(504, 110, true),
  'request.foreign': entry(403, 106),
  'request.invalid': entry(400, 7),
  'request.too-large': entry(413, 7),
  'request.too-slow': entry(408, 7, true),
  'request.too-many': entry(429, 11, true),
  'headers.too-large': entry(431, 7),
  'route.unknown': entry(404, 7),
  'method.unknown': entry(405, 7),
  'media.unsupported': entry(415, 7),
  'network.absent': entry(503, 50, true),
  'network.exists': entry(409, 7),
  'network.mismatch': entry(409, 7),
  'network.contradictory': entry(409, 7),
  'pool.overlap': entry(409, 7),
  'pool.in-use': entry(409, 7),
  'route.overlap': entry(409, 7),
  'pool.quota': entry(409, 7),
  'node.unknown': entry(404, 7),
  'node.duplicate': entry(503, 11, true),
  'node.registered': entry(409, 7, true),
  'node.in-use': entry(409, 7, true),
  'node.deleted': entry(409, 7),
  'node.too-old': entry(409, 7),
  'node.fenced': entry(503, 11, true),
  'registration.gone': entry(410, 11, true),
  'report.absent': entry(404, 7, true),
  'key.claimed': entry(409, 7),
  'client.unknown': entry(404, 7),
  'client.exists': entry(409, 7),
  'client.pool-absent': entry(409, 7),
  'mtu.too-large': entry(409, 7),
  'address.unknown': entry(404, 7),
  'attachment.unknown': entry(404, 3),
  'attachment.broken': entry(409, 107),
  'revision.conflict': entry(412, 11, true),
  'leader.absent': entry(503, 11, true),
  'leader.forwarded': entry(503, 11, true),
  'outcome.unknown': entry(504, 11, true),
  'store.unavailable': entry(503, 11, true),
  'store.refused': entry(503, 11, true),
  'store.conflict': entry(503, 11, true),
  'cluster.recovering': entry(503, 11, true),
  'record.unreadable': entry(503, 11, true),
  'silence.too-wide': entry(409, 11),
  'internal.failed': entry(500, 5, true),
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof catalogue;

export interface ErrorOptionsOf {
  /** The field or flag that was wrong, as the user wrote it. */
  field?: string;
  /** What the user can do about it. */
  remedy?: string;
  cause?: unknown;
}

/** An expected failure with its catalogue code; `message` names the value, `remedy` says what to do. */
export class CatalogueError extends Error {
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly remedy: string | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptionsOf = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CatalogueError';
    this.code = code;
    this.field = options.field;
    this.remedy = options.remedy;
  }

  get http(): number {
    return catalogue[this.code].http;
  }

  get cni(): number {
    return catalogue[this.code].cni;
  }

  get retryable(): boolean {
    return catalogue[this.code].retryable;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The same failure as a catalogue error; what is not one becomes `fallback` with the original as cause. */
export function toCatalogueError(error: unknown, fallback: ErrorCode = 'internal.failed'): CatalogueError {
  return error instanceof CatalogueError ? error : new CatalogueError(fallback, messageOf(error), { cause: error });
}
