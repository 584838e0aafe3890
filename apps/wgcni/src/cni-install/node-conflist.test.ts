/** The shipped configuration becomes a node's own, and what is no configuration is refused by name. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeConflist } from './node-conflist.ts';

const shippedDir = join(import.meta.dirname, '../../../../deploy/cni');
const place = { socket: '/run/n1.sock', queueDir: '/var/n1/queue' };

describe('the configuration of a node', () => {
  it.each([
    { file: '10-wireguard-cni.conflist', others: [] },
    { file: '20-wireguard-cni-chained.conflist', others: ['portmap', 'firewall'] },
  ])('is the shipped $file with its socket and queue', ({ file, others }) => {
    const shipped = readFileSync(join(shippedDir, file), 'utf8');
    const made = nodeConflist(shipped, file, place);
    expect(made.others).toEqual(others);
    expect(made.network).toBe('wgcni');
    const before = JSON.parse(shipped);
    const after = JSON.parse(made.text);
    expect(after).toEqual({ ...before, plugins: [{ ...before.plugins[0], ...place }, ...before.plugins.slice(1)] });
  });

  it.each([
    ['{', 'it is not JSON'],
    ['[]', 'it is not a JSON object'],
    ['{"plugins": []}', 'it has no network name'],
    ['{"name": "n"}', 'it has no list of plugins with a type'],
    ['{"name": "n", "plugins": [{"type": 1}]}', 'it has no list of plugins with a type'],
    ['{"name": "n", "plugins": [{"type": "bridge"}]}', 'it must hold one plugin of the type wireguard-cni'],
  ])('is refused when it is %s', (text, why) => {
    expect(() => nodeConflist(text, '/x.conflist', place)).toThrow(
      `/x.conflist is no configuration list for this plugin: ${why}`,
    );
  });
});
