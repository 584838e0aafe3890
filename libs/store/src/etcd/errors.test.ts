/** What is read out of the texts of etcd 3.4 and of later ones. */
import { describe, expect, it } from 'vitest';
import { isForbidden, isOldAuthRevision, isRefused } from './errors.ts';

describe('an answer of etcd', () => {
  it.each([
    '7 PERMISSION_DENIED: etcdserver: permission denied',
    '9 FAILED_PRECONDITION: etcdserver: user name not found',
    '3 INVALID_ARGUMENT: etcdserver: user name is empty',
    '2 UNKNOWN: auth: permission denied',
    '2 UNKNOWN: auth: user not found',
    '16 UNAUTHENTICATED: etcdserver: invalid auth token',
    'rpc error: code = PermissionDenied desc = etcdserver: permission denied',
  ])('that says "%s" is about who asks', (text) => {
    expect(isForbidden(new Error(text))).toBe(true);
  });

  it.each([
    '3 INVALID_ARGUMENT: etcdserver: revision of auth store is old',
    '2 UNKNOWN: auth: revision in header is old',
  ])('that says "%s" invites to ask again', (text) => {
    const error = Object.assign(new Error(text), { code: 3 });
    expect([isOldAuthRevision(error), isForbidden(error), isRefused(error)]).toEqual([true, false, false]);
  });

  it.each([
    '14 UNAVAILABLE: etcdserver: no leader',
    '4 DEADLINE_EXCEEDED: Deadline exceeded',
    '5 NOT_FOUND: etcdserver: requested lease not found',
  ])('that says "%s" is neither', (text) => {
    expect([isForbidden(new Error(text)), isOldAuthRevision(new Error(text))]).toEqual([false, false]);
  });
});
