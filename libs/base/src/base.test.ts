/** The ground that everything stands on: errors on the wire, secrets that do not print, files that survive, tasks in order. */
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  abortReason,
  backoffMs,
  CatalogueError,
  fromProblem,
  messageOf,
  privateDirectory,
  randomId,
  removeFile,
  replaceFile,
  Secret,
  SerialQueue,
  systemClock,
  systemRandom,
  toCatalogueError,
  toProblem,
} from './index.ts';

describe('an error', () => {
  const error = new CatalogueError('pool.exhausted', 'no IPv4 pool has a free subnet', {
    field: 'pools',
    remedy: 'grow the network',
  });

  it('survives the way to the client and back', () => {
    const problem = toProblem(error);
    expect(problem).toEqual({
      type: 'urn:wgcni:error:pool.exhausted',
      title: 'pool exhausted',
      status: 409,
      detail: 'no IPv4 pool has a free subnet',
      code: 'pool.exhausted',
      field: 'pools',
      remedy: 'grow the network',
      retryable: true,
    });
    const back = fromProblem(JSON.parse(JSON.stringify(problem)), 'internal.failed');
    expect([back.code, back.message, back.field, back.remedy, back.cni]).toEqual([
      error.code,
      error.message,
      'pools',
      'grow the network',
      101,
    ]);
  });

  it.each([undefined, null, 'text', {}, { code: 'toString' }, { code: 'no.such' }])(
    'of a body that is %o is the one that the reader expects',
    (body) => expect(fromProblem(body, 'store.unavailable').code).toBe('store.unavailable'),
  );

  it('keeps what was thrown as its cause', () => {
    const cause = new RangeError('x');
    expect(toCatalogueError(cause)).toMatchObject({ code: 'internal.failed', message: 'x', cause });
    expect(toCatalogueError('x', 'io.failed').code).toBe('io.failed');
    expect(toCatalogueError(error)).toBe(error);
    expect([messageOf(cause), messageOf(7)]).toEqual(['x', '7']);
  });
});

describe('a secret', () => {
  it('is shown by nothing that prints, and revealed on request', () => {
    const secret = new Secret('hush');
    const shown = [String(secret), JSON.stringify({ secret }), inspect(secret), inspect({ secret }, { depth: 9 })];
    for (const text of shown) expect(text).not.toContain('hush');
    expect(secret.reveal()).toBe('hush');
  });
});

describe('the delay between tries', () => {
  it('doubles up to its bound, half of it by chance', () => {
    const delays = (unit: number): number[] =>
      [0, 1, 2, 3, 1_000].map((attempt) =>
        backoffMs(attempt, { firstMs: 100, maxMs: 500 }, { bytes: () => new Uint8Array(), unit: () => unit }),
      );
    expect(delays(0)).toEqual([50, 100, 200, 250, 250]);
    expect(delays(1)).toEqual([100, 200, 400, 500, 500]);
  });
});

describe('a serial queue', () => {
  it('runs one task after the other, also after one that failed', async () => {
    const queue = new SerialQueue();
    const log: string[] = [];
    const task = (name: string, fails = false) =>
      queue.run(async () => {
        log.push(`${name} begins`);
        await Promise.resolve();
        log.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      });
    const [one, two, three] = [task('one'), task('two', true), task('three')];
    await expect(two).rejects.toThrow('two');
    expect([await one, await three]).toEqual(['one', 'three']);
    expect(log).toEqual(['one begins', 'one ends', 'two begins', 'two ends', 'three begins', 'three ends']);
  });
});

describe('a durable file', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'wgcni-base-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('is replaced whole, readable by its owner only, with nothing beside it', async () => {
    const path = join(directory, 'a.json');
    await replaceFile(path, 'one');
    await replaceFile(path, 'two');
    expect(await readFile(path, 'utf8')).toBe('two');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['a.json']);
  });

  it('leaves nothing beside it when it cannot take its place', async () => {
    const path = join(directory, 'taken');
    await mkdir(path);
    await expect(replaceFile(path, 'x')).rejects.toThrow();
    expect(await readdir(directory)).toEqual(['taken']);
  });

  it('is removed, twice as well as once; another failure is told', async () => {
    const path = join(directory, 'a');
    await replaceFile(path, 'x');
    await removeFile(path);
    await removeFile(path);
    expect(await readdir(directory)).toEqual([]);
    await expect(removeFile(directory)).rejects.toThrow();
  });

  it('has a directory that only its owner enters', async () => {
    const path = join(directory, 'b/c');
    await privateDirectory(path);
    await privateDirectory(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });
});

describe('the system', () => {
  it('sleeps until it is woken or told to stop', async () => {
    const startedAt = systemClock.monotonicMs();
    await systemClock.sleep(20, new AbortController().signal);
    expect(systemClock.monotonicMs() - startedAt).toBeGreaterThanOrEqual(19);
    const stop = new AbortController();
    const sleeping = systemClock.sleep(60_000, stop.signal);
    stop.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
    await expect(systemClock.sleep(1, stop.signal)).rejects.toThrow('enough');
    expect(abortReason(AbortSignal.abort('why'))).toMatchObject({ message: 'aborted', cause: 'why' });
    expect(systemClock.wallMs()).toBeGreaterThan(1.7e12);
  });

  it('makes identifiers of 128 bits, no two alike, and fractions below one', () => {
    const ids = Array.from({ length: 100 }, () => randomId(systemRandom));
    expect(new Set(ids).size).toBe(100);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(systemRandom.unit()).toBeLessThan(1);
  });
});
