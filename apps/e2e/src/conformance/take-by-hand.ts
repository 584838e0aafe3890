/** Fills a node's pool with addresses that someone joined by hand has. */
import { Agent, request } from 'node:http';
import { inParallel } from './in-parallel.ts';

const workers = 16;

/** Takes `count` addresses over the node-manager's REST surface, as `curl --unix-socket` would. */
export async function takeByHand(socketPath: string, count: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: workers });
  try {
    const names = Array.from({ length: count }, (_, index) => `manual-${index}`);
    await inParallel(workers, names, (name) => allocate(agent, socketPath, name));
  } finally {
    agent.destroy();
  }
}

function allocate(agent: Agent, socketPath: string, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const call = request({ agent, socketPath, method: 'PUT', path: `/v1/addresses/${name}`, headers }, (answer) => {
      const isDone = answer.statusCode === 200;
      answer
        .resume()
        .once('end', () => (isDone ? resolve() : reject(new Error(`${name}: status ${answer.statusCode}`))));
    });
    call.once('error', reject);
    // Without a key it would lapse after five minutes; the suite may take longer.
    call.end('{"ttlSec": 3600}');
  });
}
