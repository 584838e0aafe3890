/** A member's clients after its credentials were renewed: new calls go to new clients, and none is closed under its users. */
import { Secret } from '@wgcni/base';
import { TestAuthority } from '@wgcni/testing/pki';
import type { Etcd3 } from 'etcd3';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { Member } from './members.ts';
import type { EtcdCredentials } from './options.ts';

let credentials: EtcdCredentials;
let member: Member;
let closed: Etcd3[];

/** Notes when a client is closed. */
function watchOver(client: Etcd3): Etcd3 {
  const close = client.close.bind(client);
  client.close = () => {
    closed.push(client);
    close();
  };
  return client;
}

beforeAll(async () => {
  const authority = await TestAuthority.create();
  const { cert, key } = await authority.issue({});
  credentials = { current: { ca: authority.ca, cert, key: new Secret(key) }, onChange: () => () => {} };
});
beforeEach(() => {
  vi.useFakeTimers();
  closed = [];
  member = new Member('https://127.0.0.1:1', { urls: [], credentials, unaryTimeoutMs: 100 });
});
afterEach(() => {
  member.close();
  vi.useRealTimers();
});

it('closes the client of a watch after its last watch only', () => {
  const first = watchOver(member.watch);
  expect([member.enterWatch(), member.enterWatch()]).toEqual([first, first]);
  member.renew();
  expect(member.watch).not.toBe(first);
  expect(member.enterWatch()).toBe(member.watch);
  member.leaveWatch(first);
  expect(closed).toEqual([]);
  member.leaveWatch(first);
  expect(closed).toEqual([first]);
});

it('leaves the present client of a watch open, and closes one that nobody watches by at once', () => {
  const first = watchOver(member.watch);
  member.leaveWatch(member.enterWatch());
  expect(closed).toEqual([]);
  member.renew();
  expect(closed).toEqual([first]);
});

it('closes the clients of calls once every call on them is over', () => {
  const before = [watchOver(member.unary), watchOver(member.lease)];
  member.renew();
  expect(before).not.toContain(member.unary);
  expect(before).not.toContain(member.lease);
  vi.advanceTimersByTime(199);
  expect(closed).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(closed).toEqual(before);
});

it('closes everything that is open, also what was replaced and is watched by still', () => {
  const first = watchOver(member.enterWatch());
  member.renew();
  const second = watchOver(member.watch);
  member.close();
  expect(closed).toEqual([second, first]);
});
