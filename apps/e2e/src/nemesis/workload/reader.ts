/** A reader of lists: what each replica shows, at any moment, must be free of contradictions. */
import type { ManagerClient } from '@wgcni/api';
import { systemClock } from '@wgcni/base';
import type { Recorder } from '../history/recorder.ts';

/** Lists the subnets that are held, as one replica shows them, until the signal aborts. */
export async function readLists(
  recorder: Recorder,
  { id, client, everyMs }: { id: string; client: ManagerClient; everyMs: number },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await recorder.operation({ process: id, name: 'list' }, async () => {
      const { items } = await client.subnets(signal);
      const held = items.filter(({ state }) => state === 'held');
      return { grants: held.map(({ cidr, grantId, nodeId }) => ({ cidr, grantId, nodeId })) };
    });
    await systemClock.sleep(everyMs, signal).catch(() => undefined);
  }
}
