/** Whose a private key is, by owner and mode. */
import { describe, expect, it } from 'vitest';
import { isHandedOver, isOpenToOthers } from './key-custody.ts';

const root = { uid: 0, gid: 0 };

describe('the file of a private key', () => {
  it.each([0o400, 0o600, 0o100_600, 0o200])('is ours alone with mode %o', (mode) => {
    expect(isOpenToOthers({ ...root, mode }, false)).toBe(false);
  });

  it.each([0o440, 0o640, 0o604, 0o601, 0o660, 0o777])('is open to others with mode %o', (mode) => {
    expect(isOpenToOthers({ ...root, mode }, false)).toBe(true);
  });

  it("is ours when systemd handed it over by an access list, whose mask stands for the group's bits", () => {
    expect(isOpenToOthers({ ...root, mode: 0o100_440 }, true)).toBe(false);
  });

  it.each([
    { ...root, mode: 0o444 },
    { ...root, mode: 0o460 },
    { ...root, mode: 0o640 },
    { uid: 0, gid: 7, mode: 0o440 },
    { uid: 7, gid: 0, mode: 0o440 },
  ])('is open to others as $uid:$gid $mode wherever it stands', (custody) => {
    expect(isOpenToOthers(custody, true)).toBe(true);
  });

  it('is handed over when it stands in the directory that systemd names', () => {
    const directory = '/run/credentials/a.service';
    expect(isHandedOver(`${directory}/key.pem`, directory)).toBe(true);
    for (const path of [`${directory}-other/key.pem`, `${directory}/../b/key.pem`, '/etc/key.pem'])
      expect(isHandedOver(path, directory), path).toBe(false);
    for (const none of [undefined, '']) expect(isHandedOver('/etc/key.pem', none)).toBe(false);
  });
});
