/** A report as a node-manager sends it. */
import type { ReportInput } from '@wgcni/api';

export function reportOf(instance: string, change: Partial<ReportInput> = {}): ReportInput {
  return {
    ...{ instance, run: '0'.repeat(32), counter: 1, version: '1' },
    ...{ peers: 1, tunnels: [], tunnelsNotUp: 0, attachments: [], attachmentsTotal: 0, addresses: [], problems: [] },
    ...change,
  };
}

/** A tunnel of it that is not up. */
export function notUp(nodeId: string, state: 'broken' | 'unknown' = 'broken'): ReportInput['tunnels'][number] {
  return { nodeId, state, since: '2026-01-01T00:00:00Z', cause: 'nothing comes through' };
}
