/** A program of ours that runs under Node's inspector: what it holds on to after a collection, asked from outside. */
import { request, WebSocket } from 'undici';

/** Each such program has a namespace and an address of its own. */
const port = 9_229;
/** For the answer to one request, in milliseconds: a collection takes some hundreds on a busy machine. */
const answerTimeoutMs = 20_000;

export interface Memory {
  /** What V8's heap holds after a collection. */
  heapBytes: number;
  /** Buffers beside that heap. */
  externalBytes: number;
  /** Pages of the process, for information: the allocators give back what they like. */
  residentBytes: number;
}

/** The environment by which a program of ours is started so; the inspector listens on that address of its namespace only. */
export function inspectedAt(address: string): Record<string, string> {
  return { NODE_OPTIONS: `--inspect=${address}:${port}` };
}

/** Collects twice (what finalizers let go of goes with the second) and reads. Leaves no connection behind. */
export async function readMemory(address: string): Promise<Memory> {
  const socket = await connect(address);
  try {
    for (let times = 0; times < 2; times += 1) await ask(socket, 'HeapProfiler.collectGarbage');
    const answer = await ask(socket, 'Runtime.evaluate', {
      expression: 'JSON.stringify(process.memoryUsage())',
      returnByValue: true,
    });
    const { result } = answer as { result: { value: string } };
    const { heapUsed, external, rss } = JSON.parse(result.value) as NodeJS.MemoryUsage;
    return { heapBytes: heapUsed, externalBytes: external, residentBytes: rss };
  } finally {
    socket.close();
  }
}

/** The inspector names the socket of its only target. */
async function connect(address: string): Promise<WebSocket> {
  const { body } = await request(`http://${address}:${port}/json/list`, { reset: true });
  const [target] = (await body.json()) as { webSocketDebuggerUrl: string }[];
  if (target === undefined) throw new Error(`nothing is inspected at ${address}`);
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true });
    socket.addEventListener('error', () => reject(new Error(`the inspector at ${address} does not answer`)), {
      once: true,
    });
  });
  return socket;
}

interface Answer {
  id?: number;
  result?: unknown;
  error?: { message: string };
}

/** One request at a time: the next message with an id is its answer. Throws what the inspector refuses. */
function ask(socket: WebSocket, method: string, params: object = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      clearTimeout(late);
      socket.removeEventListener('message', hear);
      settle();
    };
    const hear = ({ data }: { data: unknown }): void => {
      const { id, result, error } = JSON.parse(String(data)) as Answer;
      if (id === undefined) return;
      end(() => (error === undefined ? resolve(result) : reject(new Error(`${method}: ${error.message}`))));
    };
    const late = setTimeout(() => end(() => reject(new Error(`${method} was not answered`))), answerTimeoutMs);
    socket.addEventListener('message', hear);
    socket.send(JSON.stringify({ id: 1, method, params }));
  });
}
