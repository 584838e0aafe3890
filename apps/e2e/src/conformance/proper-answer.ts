/** PURE: what any answer of a plugin must be, whatever it was asked: success that says what its verb says, or one error object. */
import type { verbs } from './plugin-call.ts';
import { allVersions, resultFlaws, type Version } from './result-shape.ts';

export interface CniError {
  cniVersion?: string;
  code: number;
  msg: string;
  details?: string;
}

/** Inside of JSON a line break is written as a backslash and an n. */
const stackTrace = /(^|\n|\\n|")\s+at .*:[0-9]+:[0-9]+/m;

/** SPEC: CNI 1.1 "Error": one JSON object with an integer code and a message. Throws for anything else. */
export function errorIn(stdout: string): CniError {
  const error = objectIn(stdout, 'a failure');
  const { code, msg } = error;
  if (!Number.isInteger(code) || typeof msg !== 'string' || msg === '') throw new Error(`no error object: ${stdout}`);
  if (stackTrace.test(stdout)) throw new Error(`a stack trace on stdout: ${stdout}`);
  return error as unknown as CniError;
}

/** Throws unless stdout is what that verb prints when it succeeds; nothing printed is right for every verb but ADD and VERSION. */
export function checkSuccess(verb: (typeof verbs)[number] | undefined, stdout: string): void {
  if (verb === 'ADD') {
    const result = objectIn(stdout, 'ADD');
    const version = allVersions.find((one) => one === result['cniVersion']);
    const flaws = version === undefined ? ['no version that there is'] : resultFlaws(result, version);
    if (flaws.length > 0) throw new Error(`the result has flaws: ${flaws.join('; ')}: ${stdout}`);
  } else if (verb === 'VERSION') {
    const { supportedVersions } = objectIn(stdout, 'VERSION');
    const isList = Array.isArray(supportedVersions) && supportedVersions.includes('1.0.0' satisfies Version);
    if (!isList) throw new Error(`no list of versions: ${stdout}`);
  } else if (stdout !== '') {
    throw new Error(`${verb ?? 'no verb'} succeeded, but printed ${stdout}`);
  }
}

function objectIn(stdout: string, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(stdout);
  } catch (cause) {
    throw new Error(`stdout of ${what} is no JSON object: ${JSON.stringify(stdout)}`, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Error(`stdout of ${what} is no JSON object: ${stdout}`);
}
