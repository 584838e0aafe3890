/** Asks each etcd member and cluster-manager by itself: a client of several would hide the one that does not answer. */
import { get } from 'node:https';
import { text } from 'node:stream/consumers';
import type { ConnectionOptions } from 'node:tls';
import { fromProblem, messageOf } from '@wgcni/base';
import { clientOptions, type Credentials } from '@wgcni/pki';
import type { Asked, EtcdAnswer, ManagerAnswer, Refusal } from './judge-servers.ts';

const deadlineMs = 3_000;

/** Never rejects: what failed is told. */
export function askEtcd(urls: readonly string[], credentials: Credentials): Promise<Asked<EtcdAnswer>[]> {
  // It is nobody of our cluster: judged by authority and address alone.
  const etcdOptions = { secureContext: clientOptions(credentials).secureContext };
  return each(urls, async (url) => {
    const [{ body: health }, { body: version }] = await Promise.all([
      ask(`${url}/health`, etcdOptions),
      ask(`${url}/version`, etcdOptions),
    ]);
    return {
      isHealthy: (JSON.parse(health) as { health?: string }).health === 'true',
      version: (JSON.parse(version) as { etcdserver?: string }).etcdserver ?? '?',
    };
  });
}

/** The same. The clock is that of `Date`, which counts whole seconds. */
export function askManagers(urls: readonly string[], credentials: Credentials): Promise<Asked<ManagerAnswer>[]> {
  const options = clientOptions(credentials);
  return each(urls, async (url) => {
    const { status, body, date } = await ask(`${url}/v1/leader`, options);
    const aheadMs = date === undefined ? 0 : Date.parse(date) - Date.now();
    return { aheadMs, refusal: status === 200 ? undefined : refusalOf(status, body) };
  });
}

/** Whoever answers so may be no program of ours. */
function refusalOf(status: number | undefined, body: string): Refusal {
  let problem: unknown;
  try {
    problem = JSON.parse(body);
  } catch {
    problem = undefined;
  }
  const { code, message, remedy } = fromProblem(problem, 'internal.failed');
  return { why: `HTTP ${status}: ${message} [${code}]`, remedy };
}

async function each<T>(urls: readonly string[], work: (url: string) => Promise<T>): Promise<Asked<T>[]> {
  return Promise.all(
    urls.map((url) =>
      work(url).then(
        (answer) => ({ url, answer }),
        (error: unknown) => ({ url, failed: messageOf(error) }),
      ),
    ),
  );
}

interface HttpAnswer {
  status: number | undefined;
  body: string;
  date: string | undefined;
}

function ask(url: string, options: ConnectionOptions): Promise<HttpAnswer> {
  const signal = AbortSignal.timeout(deadlineMs);
  return new Promise((resolve, reject) => {
    const call = get(url, { ...options, agent: false, signal }, (answer) => {
      text(answer).then((body) => resolve({ status: answer.statusCode, body, date: answer.headers.date }), reject);
    });
    call.on('error', (error) => reject(signal.aborted ? new Error(`no answer within ${deadlineMs} ms`) : error));
  });
}
