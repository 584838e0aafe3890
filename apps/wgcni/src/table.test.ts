/** What the operator reads: aligned columns, times and sizes as a person says them. */
import { describe, expect, it } from 'vitest';
import { bytes, duration, table } from './table.ts';

describe('a table', () => {
  it('is as wide as its widest cells, without blanks at the end of a line', () => {
    expect(
      table(
        ['node', 'state'],
        [
          ['n1', 'live'],
          ['a-long-name', 'x'],
        ],
      ),
    ).toBe('node         state\nn1           live\na-long-name  x');
  });

  it('says that it is empty', () => {
    expect(table(['node', 'state'], [])).toBe('node  state\n–');
  });

  it.each([
    [null, '–'],
    [0, '0 s'],
    [119, '119 s'],
    [120, '2 min'],
    [7_199, '119 min'],
    [7_200, '2 h'],
    [172_799, '47 h'],
    [172_800, '2 d'],
  ])('shows %s seconds as %s', (seconds, text) => expect(duration(seconds)).toBe(text));

  it.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_024, '1.0 KiB'],
    [1_536 * 1_024, '1.5 MiB'],
    [5 * 1_024 ** 5, '5120.0 TiB'],
  ])('shows %s bytes as %s', (count, text) => expect(bytes(count)).toBe(text));
});
