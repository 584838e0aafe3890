/** Lines as nft 1.0.6 prints them. */
import { describe, expect, it } from 'vitest';
import { isOfTable } from './monitor-line.ts';

describe('a line of the monitor', () => {
  it.each([
    'add table inet ours',
    'add chain inet ours input { type filter hook input priority filter; policy accept; }',
    'add rule inet ours input accept',
    'delete rule inet ours input handle 2',
    'add element inet ours pods4 { 10.0.0.0/8 }',
    'delete set inet ours pods4',
    'delete table inet ours',
    '# ERROR: We lost some netlink events!',
  ])('tells of our table, or may: %s', (line) => {
    expect(isOfTable(line, 'ours')).toBe(true);
  });

  it.each([
    '# new generation 8 by process 29116 (nft)',
    'delete table ip ours',
    'delete table inet ours-too',
    'add chain ip filter ours',
    'add rule inet others input iifname "inet ours" accept',
    '',
  ])('tells of others: %s', (line) => {
    expect(isOfTable(line, 'ours')).toBe(false);
  });
});
