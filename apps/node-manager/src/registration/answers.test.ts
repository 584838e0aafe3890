/** What a node does about each answer to its registration and its renewal. */
import { CatalogueError, type ErrorCode } from '@wgcni/base';
import { describe, expect, it } from 'vitest';
import { afterRefusedRegistration, afterRefusedRenewal } from './answers.ts';

describe('a refused', () => {
  it.each<[ErrorCode, string, string]>([
    ['identity.replaced', 'superseded', 'superseded'],
    ['identity.deleted', 'deleted', 'deleted'],
    ['node.deleted', 'deleted', 'deleted'],
    ['node.registered', 'duplicate', 'superseded'],
    ['node.duplicate', 'duplicate', 'superseded'],
    ['registration.gone', 'retry', 'register'],
    ['identity.refused', 'retry', 'retry'],
    ['leader.absent', 'retry', 'retry'],
  ])('registration or renewal: %s', (code, registration, renewal) => {
    const error = new CatalogueError(code, 'no');
    expect([afterRefusedRegistration(error), afterRefusedRenewal(error)]).toEqual([registration, renewal]);
  });
});
