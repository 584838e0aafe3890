/** The operations of an OpenAPI document, each as a request that could be made. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface DocumentedOperation {
  id: string;
  method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  hasBody: boolean;
}

/** Of a document in a file, with a value for each parameter in a path. Throws for a parameter without one. */
export function documentedOperations(file: string, values: Record<string, string>): DocumentedOperation[] {
  const { paths } = parse(readFileSync(file, 'utf8')) as {
    paths: Record<string, Record<string, { operationId: string; requestBody?: unknown }>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, requestBody }]) => ({
      id: operationId,
      method: method.toUpperCase() as DocumentedOperation['method'],
      path: path.replace(/\{(\w+)\}/g, (_, parameter: string) => valueOf(parameter, values)),
      hasBody: requestBody !== undefined,
    })),
  );
}

function valueOf(parameter: string, values: Record<string, string>): string {
  const value = values[parameter];
  if (value === undefined) throw new Error(`no value for {${parameter}}`);
  return value;
}
