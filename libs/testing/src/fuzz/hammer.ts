/** Sends malformed requests to a server without a network, or raw bytes to one that listens, and says what went wrong. */
import { connect } from 'node:net';
import type { MalformedRequest, MalformedRequests, Method } from './malformed-requests.ts';

export interface Injectable {
  inject(request: { method: Method; url: string; headers: Record<string, string>; payload?: string }): Promise<{
    statusCode: number;
    body: string;
    headers: Record<string, unknown>;
  }>;
}

export interface HammerReport {
  sent: number;
  /** How often each status was answered. */
  statuses: Map<number, number>;
  /** What was answered otherwise than with a problem document of 4xx; the first few. */
  wrong: string[];
}

const atOnce = 32;
const mostWrong = 20;

/** Sends `count` requests; `between` is called after every batch of `batch`. */
export async function hammer(
  app: Injectable,
  requests: MalformedRequests,
  count: number,
  { batch = 10_000, between = async () => {} }: { batch?: number; between?: (sent: number) => Promise<void> } = {},
): Promise<HammerReport> {
  const report: HammerReport = { sent: 0, statuses: new Map(), wrong: [] };
  while (report.sent < count) {
    const until = Math.min(count, report.sent + batch);
    const work = async (): Promise<void> => {
      while (report.sent < until) {
        report.sent += 1;
        const { why, ...request } = requests.next();
        const { statusCode, body } = await app.inject(request);
        note(report, { status: statusCode, body, isDamaged: false }, { why, ...request });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    await between(report.sent);
  }
  return report;
}

/** The same, as bytes on connections of their own; now and then cut short or with a letter changed. */
export async function hammerWire(
  port: number,
  requests: MalformedRequests,
  count: number,
  unit: () => number,
): Promise<HammerReport> {
  const report: HammerReport = { sent: 0, statuses: new Map(), wrong: [] };
  const work = async (): Promise<void> => {
    while (report.sent < count) {
      report.sent += 1;
      const request = requests.next();
      const bytes = bytesOf(request);
      const sent = damaged(bytes, unit);
      const answer = await exchange(port, sent);
      // Nothing at all is an answer too: the connection is closed on what is no HTTP.
      if (answer === '') report.statuses.set(0, (report.statuses.get(0) ?? 0) + 1);
      else {
        const [status, body] = [Number(answer.slice(9, 12)), answer.slice(answer.indexOf('\r\n\r\n') + 4)];
        note(report, { status, body, isDamaged: sent !== bytes }, request);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return report;
}

/** What was damaged on the way may be a proper request by chance, or lack a Host, which Node refuses without a word: anything but a fault of ours is right. */
function note(
  report: HammerReport,
  { status, body, isDamaged }: { status: number; body: string; isDamaged: boolean },
  request: MalformedRequest,
): void {
  report.statuses.set(status, (report.statuses.get(status) ?? 0) + 1);
  const isRefused = status >= 400 && status < 500 && /"code":"[a-z.-]+"/.test(body);
  if (isRefused || (isDamaged && status >= 200 && status < 500) || report.wrong.length >= mostWrong) return;
  report.wrong.push(`${status} ${body.slice(0, 200)} to ${JSON.stringify(request).slice(0, 400)}`);
}

function bytesOf({ method, url, headers, payload = '' }: MalformedRequest): Buffer {
  const lines = [
    `${method} ${encodeURI(url).replaceAll('%25', '%')} HTTP/1.1`,
    ...['host: x', 'connection: close', `content-length: ${Buffer.byteLength(payload)}`],
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${payload}`);
}

function damaged(bytes: Buffer, unit: () => number): Buffer {
  const roll = unit();
  if (roll < 0.3) return bytes.subarray(0, Math.floor(unit() * bytes.length));
  if (roll < 0.6) {
    const copy = Buffer.from(bytes);
    // In the words of HTTP itself: anything changed in the body may be as good as before.
    const end = Math.max(1, bytes.indexOf('\r\n\r\n'));
    for (let changes = 0; changes < 3; changes += 1) copy[Math.floor(unit() * end)] = Math.floor(unit() * 256);
    return copy;
  }
  return bytes;
}

function exchange(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
    // What was refused early may be reset.
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(answer));
  });
}
