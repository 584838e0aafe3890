/** What a node published stands until the store shows otherwise: by a later revision, by having gone back, or by showing nothing of it for too long. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { PublishedContainer } from './standing-list.ts';
import { StandingList } from './standing-list.ts';

const list = (name: string): PublishedContainer[] => [{ publicKey: name, port: 61_000, addresses: ['10.64.3.2'] }];
const [old, ours, none] = [list('old'), list('ours'), [] as PublishedContainer[]];
let standing: StandingList;

beforeEach(() => {
  standing = new StandingList();
  standing.read({ containers: old, revision: 1_000 }, 0);
  standing.wrote({ containers: ours, revision: 1_005 }, 0);
});

describe('what was written', () => {
  it('stands until the watch has come as far', () => {
    expect(standing.read({ containers: old, revision: 1_004 }, 100)).toBe(ours);
    expect(standing.read({ containers: none, revision: 1_005 }, 200)).toBe(none);
  });

  it('does not in a store that went back, also when that comes as far again', () => {
    expect(standing.read({ containers: none, revision: 900 }, 100)).toBe(none);
    expect(standing.read({ containers: none, revision: 1_004 }, 200)).toBe(none);
  });

  it('does not when the watch has shown nothing of it for half a minute', () => {
    expect(standing.read({ containers: old, revision: 1_001 }, 29_000)).toBe(ours);
    expect(standing.read({ containers: old, revision: 1_002 }, 30_000)).toBe(old);
  });

  it('stands anew when it is written into the store that went back', () => {
    standing.read({ containers: none, revision: 900 }, 100);
    standing.wrote({ containers: ours, revision: 901 }, 200);
    expect(standing.read({ containers: none, revision: 900 }, 300)).toBe(ours);
  });
});

it('is nothing before the store has shown anything', () => {
  expect(new StandingList().read(undefined, 0)).toEqual([]);
});
