/** A server that answers every documented operation with a value of its schema, or refuses all of them. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { CatalogueError, toProblem } from '@wgcni/base';
import { fitting } from '@wgcni/testing';
import { parse } from 'yaml';

type Schema = Readonly<Record<string, unknown>>;
interface Operation {
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

export interface StandIn {
  url: string;
  /** What everybody is answered instead, from now on. */
  refuse(error: CatalogueError | undefined): void;
  /** A value of the schema of this name. */
  valueOf(name: string): unknown;
  close(): void;
}

/** Plain HTTP on loopback. `app` names the document in `openapi/`. */
export async function standIn(app: 'cluster-manager' | 'node-manager'): Promise<StandIn> {
  const file = join(import.meta.dirname, '../../../../openapi', `${app}.yaml`);
  const document = parse(readFileSync(file, 'utf8')) as Document;
  const resolve = (schema: Schema): Schema => {
    const name = typeof schema['$ref'] === 'string' ? schema['$ref'].split('/').at(-1) : undefined;
    return name === undefined ? schema : resolve(document.components.schemas[name] ?? {});
  };
  let refusal: CatalogueError | undefined;
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://stand-in').pathname;
    const operation = operationOf(document, (request.method ?? '').toLowerCase(), path);
    if (operation === undefined || refusal !== undefined) {
      const problem = toProblem(refusal ?? new CatalogueError('route.unknown', path));
      response.writeHead(problem.status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
      return;
    }
    const [status = '204', answer] = Object.entries(operation.responses).find(([code]) => code.startsWith('2')) ?? [];
    const [type, content] = Object.entries(answer?.content ?? {})[0] ?? [];
    if (type === undefined || content === undefined) return void response.writeHead(Number(status)).end();
    const value = type === 'application/json' ? filled(content.schema, resolve) : '# a text';
    response
      .writeHead(Number(status), { 'content-type': type, etag: '"t"' })
      .end(typeof value === 'string' ? value : JSON.stringify(value));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refuse: (error) => void (refusal = error),
    valueOf: (name) => filled(document.components.schemas[name] ?? {}, resolve),
    close: () => void server.close().closeAllConnections(),
  };
}

function operationOf({ paths }: Document, method: string, path: string): Operation | undefined {
  const isLike = (pattern: string): boolean =>
    new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path);
  return Object.entries(paths).find(([pattern, methods]) => isLike(pattern) && method in methods)?.[1][method];
}

/** A page has one item, and is the last. */
function filled(given: Schema, resolve: (schema: Schema) => Schema): unknown {
  const schema = resolve(given);
  const properties = (schema['properties'] ?? {}) as Record<string, Schema>;
  const items = properties['items'];
  const value = fitting(schema, resolve);
  if (items === undefined || typeof value !== 'object') return value;
  return {
    ...value,
    items: [fitting(resolve(items)['items'] as Schema, resolve)],
    ...('next' in properties ? { next: null } : {}),
  };
}
