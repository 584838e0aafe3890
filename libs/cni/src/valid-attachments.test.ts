/** GC's list: absent means remove nothing, empty means remove everything, malformed means stop. */
import { describe, expect, it } from 'vitest';
import { parseValidAttachments } from './valid-attachments.ts';

const key = 'cni.dev/valid-attachments';
const item = { containerID: 'c1', ifname: 'eth0' };

describe('parseValidAttachments', () => {
  it('reads the list', () => {
    expect(parseValidAttachments({ [key]: [item] })).toEqual([{ containerId: 'c1', ifName: 'eth0' }]);
  });

  it.each([null, []])('takes %j for "none is valid"', (list) => {
    expect(parseValidAttachments({ [key]: list })).toEqual([]);
  });

  it('takes an absent key for "nothing was said"', () => {
    expect(parseValidAttachments({})).toBeUndefined();
  });

  it('reads the legacy key, unless the right one is there', () => {
    expect(parseValidAttachments({ 'cni.dev/attachments': [item] })).toHaveLength(1);
    expect(parseValidAttachments({ 'cni.dev/attachments': [item], [key]: null })).toEqual([]);
  });

  it.each([{}, 'x', [{}], [null], [{ containerID: 'c1' }], [{ ...item, ifname: '' }], [item, 7]])(
    'refuses %j rather than reading it in part',
    (list) => {
      expect(() => parseValidAttachments({ [key]: list })).toThrow(key);
    },
  );
});
