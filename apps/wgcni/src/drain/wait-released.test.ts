/** `wgcni drain --wait`: until the node holds nothing, with a word on what is waited for. */
import type { Node, Report } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import { expect, it } from 'vitest';
import { heldBy, waitReleased } from './wait-released.ts';

/** A manager of a node that has so many attachments at each look; it releases its subnets at the look after the last. */
function drained(looks: (number | undefined)[]) {
  const said: string[] = [];
  let [nowMs, look] = [0, 0];
  const waiter = {
    manager: {
      node: () => {
        const subnets = look < looks.length ? [{ cidr: '10.64.0.0/24', grantId: 'g' }] : [];
        return Promise.resolve({ nodeId: 'n1', state: 'draining', subnets } as unknown as Node);
      },
      report: () => {
        const attachmentsTotal = looks[look++];
        if (attachmentsTotal === undefined) return Promise.reject(new CatalogueError('report.absent', 'none'));
        return Promise.resolve({ attachmentsTotal } as Report);
      },
    },
    clock: { monotonicMs: () => nowMs, sleep: (ms: number) => Promise.resolve(void (nowMs += ms)) },
    progress: { step: (text: string) => void said.push(text) },
  };
  return { waiter, said };
}

it('ends when the subnets are released', async () => {
  const { waiter, said } = drained([undefined, 2, 1, 0]);
  expect((await waitReleased(waiter, 'n1', 60_000)).subnets).toEqual([]);
  expect(said).toEqual([
    'n1: it has not told how many attachments it has',
    'n1: 2 attachments are left',
    'n1: 1 attachment is left',
    'n1: no attachment is left, its subnets are being released',
  ]);
});

it('says what is left when the time is over', async () => {
  const { waiter } = drained([2, 2, 2, 2]);
  await expect(waitReleased(waiter, 'n1', 2_000)).rejects.toMatchObject({
    code: 'timed.out',
    message: 'n1 still holds its subnets: 2 attachments are left',
    remedy: expect.any(String),
  });
});

it('says of a silent node that it releases nothing', () => {
  expect(heldBy({ state: 'silent' }, 3)).toMatch(/silent/);
});
