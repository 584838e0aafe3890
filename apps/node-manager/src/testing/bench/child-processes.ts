/** Which child processes were started on behalf of an HTTP request, told by the chain of what caused what. */
import { createHook, executionAsyncId } from 'node:async_hooks';

export interface Started {
  /** By something that a request caused. */
  byRequests: number;
  /** By anything else: the loops of the node. */
  byOthers: number;
}

/** Counts while `work` goes on. Following every cause is slow: nothing is to be timed meanwhile. */
export async function childProcessesDuring(work: () => Promise<void>): Promise<Started> {
  const started: Started = { byRequests: 0, byOthers: 0 };
  const ofRequest = new Set<number>();
  const hook = createHook({
    init(id, type, trigger) {
      const isCaused = ofRequest.has(trigger) || ofRequest.has(executionAsyncId());
      if (type === 'HTTPINCOMINGMESSAGE' || isCaused) ofRequest.add(id);
      if (type !== 'PROCESSWRAP') return;
      if (isCaused) started.byRequests += 1;
      else started.byOthers += 1;
    },
  });
  hook.enable();
  try {
    await work();
  } finally {
    hook.disable();
  }
  return started;
}
