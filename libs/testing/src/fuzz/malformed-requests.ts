/** PURE: requests that an OpenAPI document does not allow, one after the other from a seed, each with what is wrong about it. */
import type { Schema } from '../house/document-places.ts';
import { type Draw, fitting, misshapen, plausible, takes, unfitting } from './json-values.ts';
import { seededUnit } from './seeded-unit.ts';

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE' | 'PATCH';

export interface MalformedRequest {
  method: Method;
  url: string;
  headers: Record<string, string>;
  payload?: string;
  /** What is wrong with it. */
  why: string;
}

interface Operation {
  method: Method;
  path: string;
  parameters: Schema[];
  body: Schema | undefined;
}

const json = { 'content-type': 'application/json' };
const segments = ['..', '%2e%2e', '%', '%zz', '%00', 'x', '', '//', '\\', '?', '💥', 'a'.repeat(300)];
const noJson = ['', '{', '[', '{"a":', 'nul', '\u0000', '{"a":1}}', "{'a':1}", '{"__proto__":{"a":1}}', 'NaN'];

export class MalformedRequests {
  readonly #operations: Operation[];
  readonly #methods = new Map<string, Set<string>>();
  readonly #schemas: Record<string, Schema>;
  readonly #draw: Draw;

  constructor(document: Schema, seed: number) {
    const unit = seededUnit(seed);
    this.#draw = { unit, pick: (choices) => choices[Math.floor(unit() * choices.length)] as never };
    this.#schemas = (document['components'] as { schemas: Record<string, Schema> }).schemas;
    this.#operations = Object.entries(document['paths'] as Record<string, Record<string, Schema>>).flatMap(
      ([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => this.#operationOf(path, method, operation)),
    );
    for (const { path, method } of this.#operations)
      this.#methods.set(path, (this.#methods.get(path) ?? new Set()).add(method));
  }

  /** The next one, of any kind that there is for an operation drawn at random. */
  next(): MalformedRequest {
    for (;;) {
      const operation = this.#draw.pick(this.#operations);
      const kind = this.#draw.pick([
        ...[this.#nowhere, this.#wrongMethod, this.#wrongPath, this.#wrongQuery],
        ...[
          this.#misshapen,
          this.#misshapen,
          this.#misshapen,
          this.#noJson,
          this.#noObject,
          this.#nested,
          this.#plausible,
        ],
      ]);
      const made = kind.call(this, operation);
      if (made !== undefined) return made;
    }
  }

  readonly #resolve = (schema: Schema): Schema => {
    const word = schema['$ref'];
    return typeof word === 'string' ? (this.#schemas[word.split('/').at(-1) ?? ''] ?? {}) : schema;
  };

  #operationOf(path: string, method: string, operation: Schema): Operation {
    const content = (operation['requestBody'] as { content: Record<string, { schema: Schema }> } | undefined)?.content;
    const body = content === undefined ? undefined : Object.values(content)[0]?.schema;
    return {
      ...{ method: method.toUpperCase() as Method, path, parameters: (operation['parameters'] ?? []) as Schema[] },
      body: body === undefined ? undefined : this.#resolve(body),
    };
  }

  #nowhere(): MalformedRequest {
    const { pick } = this.#draw;
    const url = `/v${pick([0, 2, 9])}/${pick(segments)}/${pick(segments)}`;
    return { method: pick(['GET', 'PUT', 'POST', 'DELETE']), url, headers: {}, why: 'there is no such path' };
  }

  #wrongMethod({ path, parameters }: Operation): MalformedRequest | undefined {
    const method = this.#draw.pick(['GET', 'PUT', 'POST', 'DELETE', 'PATCH'] as const);
    if (this.#methods.get(path)?.has(method) === true) return undefined;
    return { method, url: this.#urlOf(path, parameters), headers: {}, why: 'the path has no such method' };
  }

  #wrongPath({ method, path, parameters, body }: Operation): MalformedRequest | undefined {
    const inPath = parameters.filter((one) => one['in'] === 'path');
    if (inPath.length === 0) return undefined;
    const wrong = this.#draw.pick(inPath);
    const value = unfitting(this.#resolve(wrong['schema'] as Schema), this.#resolve, this.#draw);
    if (typeof value !== 'string' || value === '' || value.includes('\ud800')) return undefined;
    const text = this.#draw.unit() < 0.8 ? encodeURIComponent(value) : encodeURI(value).replace(/[?#]/g, '');
    if (text === '' || takes(this.#resolve(wrong['schema'] as Schema), text)) return undefined;
    const url = this.#urlOf(path, parameters, new Map([[String(wrong['name']), text]]));
    return { method, url, ...this.#bodyOf(body), why: `${String(wrong['name'])} in the path` };
  }

  #wrongQuery({ method, path, parameters, body }: Operation): MalformedRequest {
    const inQuery = parameters.filter((one) => one['in'] === 'query');
    const { unit, pick } = this.#draw;
    const known = inQuery.length > 0 && unit() < 0.6 ? pick(inQuery) : undefined;
    const name = known === undefined ? pick(['x', 'colour', '__proto__x', '%00', 'a[b]']) : String(known['name']);
    const schema = known === undefined ? {} : this.#resolve(known['schema'] as Schema);
    const twice = `${name}=1&${name}=2`;
    const wrong = schema['type'] === 'string' ? twice : `${name}=${pick(['x', '-1', '1.5e3.2', '%00', ''])}`;
    const query = known === undefined ? `${name}=1` : pick([twice, wrong]);
    return {
      method,
      url: `${this.#urlOf(path, parameters)}?${query}`,
      ...this.#bodyOf(body),
      why: `${name} in the query`,
    };
  }

  #misshapen(operation: Operation): MalformedRequest | undefined {
    if (operation.body?.['type'] !== 'object') return undefined;
    return this.#withBody(operation, JSON.stringify(misshapen(operation.body, this.#resolve, this.#draw)), 'the body');
  }

  #noJson(operation: Operation): MalformedRequest | undefined {
    if (operation.body === undefined) return undefined;
    const headers = {
      'content-type': this.#draw.pick(['application/json', 'application/json', 'text/plain', 'x', 'application/xml']),
    };
    return { ...this.#withBody(operation, this.#draw.pick(noJson), 'no JSON'), headers };
  }

  #noObject(operation: Operation): MalformedRequest | undefined {
    if (operation.body === undefined) return undefined;
    return this.#withBody(operation, this.#draw.pick(['[]', '"x"', '1', 'true', 'null', '[{}]', '1e999']), 'no object');
  }

  #nested(operation: Operation): MalformedRequest | undefined {
    if (operation.body === undefined || this.#draw.unit() > 0.05) return undefined;
    const depth = 10_000;
    return this.#withBody(operation, '{"x":'.repeat(depth) + '1' + '}'.repeat(depth), 'ten thousand levels');
  }

  #plausible(operation: Operation): MalformedRequest | undefined {
    if (operation.body === undefined) return undefined;
    const body = plausible(operation.body, this.#resolve, this.#draw);
    return body === undefined ? undefined : this.#withBody(operation, JSON.stringify(body), 'an address that is none');
  }

  #withBody({ method, path, parameters }: Operation, payload: string, why: string): MalformedRequest {
    return { method, url: this.#urlOf(path, parameters), headers: json, payload, why };
  }

  #bodyOf(body: Schema | undefined): { headers: Record<string, string>; payload?: string } {
    return body === undefined
      ? { headers: {} }
      : { headers: json, payload: JSON.stringify(fitting(body, this.#resolve)) };
  }

  #urlOf(path: string, parameters: readonly Schema[], wrong: ReadonlyMap<string, string> = new Map()): string {
    return path.replace(/\{([^}]+)\}/g, (_, name: string) => {
      const schema = parameters.find((one) => one['in'] === 'path' && one['name'] === name)?.['schema'] as Schema;
      return wrong.get(name) ?? encodeURIComponent(String(fitting(schema, this.#resolve)));
    });
  }
}
