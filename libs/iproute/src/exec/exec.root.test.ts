/**
 * The process adapters keep the contracts of the ports, on the real kernel:
 *
 *   test process ──nsenter──▶ own (throw-away, stands for the node's namespace)    other (throw-away, a container's)
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import {
  describeFirewallContract,
  describeIpRouteContract,
  describeNftTableContract,
  describeSysctlContract,
  ThrowawayNetns,
} from '../contract/index.ts';
import { parseSavedRules } from '../firewall/saved-rules.ts';
import { ExecFirewall } from './firewall.ts';
import { ExecIpRoute } from './ip-route.ts';
import { ExecNftTable } from './nft-table.ts';
import { ExecSysctl } from './sysctl.ts';

describe.each([{ keepsProcess: false }, { keepsProcess: true }])('with %o', ({ keepsProcess }) => {
  describeIpRouteContract('ip', async () => {
    const [own, other] = [await ThrowawayNetns.open(), await ThrowawayNetns.open()];
    return {
      ipRoute: new ExecIpRoute({ ownNetns: own.path, keepsProcess }),
      otherNetns: other.path,
      addLink: async (name, netns) => {
        const inside = netns === other.path ? other : own;
        // A veth can be moved; its far end plays no part. IPv6 link-local addresses would disturb the counts.
        await inside.run('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', `far-${name}`);
        await inside.run('ip', 'link', 'set', 'dev', name, 'addrgenmode', 'none');
        await inside.run('ip', 'link', 'set', 'dev', `far-${name}`, 'up');
      },
      renameLink: async (name, to) => {
        await own.run('ip', 'link', 'set', 'dev', name, 'down');
        await own.run('ip', 'link', 'set', 'dev', name, 'name', to, 'up');
      },
      addForeignRoute: async (destination, device) => {
        await own.run('ip', 'route', 'add', destination, 'dev', device, 'proto', '3');
      },
      removeOtherNetns: () => other.close(),
      close: async () => {
        await other.close();
        await own.close();
      },
    };
  });
});

describeSysctlContract('/proc/sys', async () => {
  const [own, other] = [await ThrowawayNetns.open(), await ThrowawayNetns.open()];
  return {
    sysctl: new ExecSysctl({ ownNetns: own.path }),
    otherNetns: other.path,
    close: async () => {
      await own.close();
      await other.close();
    },
  };
});

describeFirewallContract('iptables', async () => {
  const own = await ThrowawayNetns.open();
  const program = (family: 4 | 6) => (family === 4 ? 'iptables' : 'ip6tables');
  return {
    firewall: new ExecFirewall({ ownNetns: own.path }),
    rulesOf: async (family, table, chain) => {
      const saved = parseSavedRules(await own.run(`${program(family)}-save`));
      const rules = saved.get(table)?.get(chain);
      return rules === undefined ? undefined : [...rules];
    },
    insertForeign: async (family, table, { chain, rule }) => {
      await own.run(program(family), '-t', table, '-I', chain, '1', ...rule.split(' '));
    },
    flush: async (family, table) => {
      await own.run(program(family), '-t', table, '-F');
      await own.run(program(family), '-t', table, '-X');
    },
    close: () => own.close(),
  };
});

describeNftTableContract('nft', async () => {
  const own = await ThrowawayNetns.open();
  const nft = (...words: string[]): Promise<string> => own.run('nft', ...words);
  const listed = async (kind: 'chain' | 'set', name: string) => {
    const text = await nft('-j', 'list', kind, 'inet', 'ours', name).catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as { nftables: Listed[] }).nftables;
  };
  return {
    table: new ExecNftTable({ name: 'ours', ownNetns: own.path }),
    rulesIn: async (chain) => (await listed('chain', chain))?.filter((one) => one.rule !== undefined).length,
    elementsOf: async (set) => {
      const found = (await listed('set', set))?.find((one) => one.set !== undefined)?.set;
      return found && (found.elem ?? []).map(({ prefix: { addr, len } }) => `${addr}/${len}`);
    },
    ping: async () => void (await own.run('ping', '-c', '1', '-W', '1', '-s', '56', '127.0.0.1')),
    addForeign: async (chain, rule) => void (await nft('add', 'rule', 'inet', 'ours', chain, ...rule.split(' '))),
    emptySet: async (set) => void (await nft('flush', 'set', 'inet', 'ours', set)),
    flush: async () => void (await nft('flush', 'ruleset')),
    close: () => own.close(),
  };
});

/** What `nft -j` prints of a rule or a set of prefixes. */
interface Listed {
  rule?: object;
  set?: { elem?: { prefix: { addr: string; len: number } }[] };
}

describe('the process adapters', () => {
  it('read and write switches of the namespace they are in without a process', async () => {
    const sysctl = new ExecSysctl();
    const value = await sysctl.read('net.ipv4.ip_forward');
    expect(value).toMatch(/^[01]$/);
    await sysctl.write({ 'net.ipv4.ip_forward': value ?? '0' });
    expect(await sysctl.read('net.ipv4.conf.absent.forwarding')).toBeUndefined();
  });

  it('empty a list there, and put it back', async () => {
    const sysctl = new ExecSysctl();
    const name = 'net.ipv4.ip_local_reserved_ports';
    const found = (await sysctl.read(name)) ?? '';
    for (const value of ['51821,61000-65535', '', found]) {
      await sysctl.write({ [name]: value });
      expect(await sysctl.read(name)).toBe(value);
    }
  });

  it('write 1,000 routes in one batch', async () => {
    const own = await ThrowawayNetns.open();
    try {
      const ipRoute = new ExecIpRoute({ ownNetns: own.path });
      const destinations = Array.from({ length: 1000 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`);
      const routes = destinations.map((destination) => ({ destination, kind: 'unreachable' as const }));
      await ipRoute.apply(
        routes.map((route) => ({ kind: 'set-route', route })),
        undefined,
      );
      expect((await ipRoute.observe(undefined)).routes).toHaveLength(1000);
    } finally {
      await own.close();
    }
  });

  it('make a table of nftables anew that holds something else under one of our names', async () => {
    const own = await ThrowawayNetns.open();
    try {
      await own.run('nft', 'add table inet ours; add set inet ours pods4 { type inet_service; }');
      const content = {
        sets: [{ name: 'pods4', family: 4 as const, elements: ['10.0.0.0/8'] }],
        counters: [],
        chains: [],
      };
      const table = new ExecNftTable({ name: 'ours', ownNetns: own.path });
      expect((await table.ensure(content)).didChange).toBe(true);
      expect(await own.run('nft', 'list', 'table', 'inet', 'ours')).toContain('10.0.0.0/8');
      expect((await table.ensure(content)).didChange).toBe(false);
    } finally {
      await own.close();
    }
  });

  it('take what stands in the kernel for what they wrote, with ports in a set, and do not write it once more', async () => {
    const own = await ThrowawayNetns.open();
    try {
      const ports = 'meta l4proto 6 ct reply proto-src { 80, 8000-8100 } counter name denied drop';
      const content = {
        sets: [{ name: 'pods4', family: 4 as const, elements: ['10.0.0.0/8', '11.0.0.0/8', '192.0.2.1/32'] }],
        counters: ['denied'],
        chains: [{ name: 'input', hook: 'input' as const, rules: [ports, 'ct original ip saddr @pods4 accept'] }],
      };
      const table = new ExecNftTable({ name: 'ours', ownNetns: own.path });
      await table.ensure(content);
      // A rule that is written again has another handle.
      const handles = () => own.run('nft', '-a', 'list', 'table', 'inet', 'ours');
      const before = await handles();
      expect(before).toMatch(/handle/);
      await table.ensure(content);
      expect(await handles()).toBe(before);
    } finally {
      await own.close();
    }
  });

  it('start a monitor again that ends, and say each time that something may have changed', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'wgcni-nft-'));
    const stop = new AbortController();
    try {
      const log = join(directory, 'started');
      await writeFile(join(directory, 'nft'), `#!/bin/sh\necho "$@" >>${log}\n`, { mode: 0o755 });
      vi.stubEnv('PATH', `${directory}:${process.env.PATH}`);
      let seen = 0;
      const watching = (async () => {
        for await (const _ of new ExecNftTable({ name: 'ours' }).changes(stop.signal)) seen += 1;
      })();
      const starts = async () => (await readFile(log, 'utf8').catch(() => '')).split('\n').slice(0, -1);
      await expect.poll(async () => (await starts()).length, { timeout: 10_000 }).toBeGreaterThan(2);
      expect(new Set(await starts())).toEqual(new Set(['monitor']));
      await expect.poll(() => seen, { timeout: 10_000 }).toBeGreaterThan(1);
      stop.abort();
      await watching;
    } finally {
      stop.abort();
      vi.unstubAllEnvs();
      await rm(directory, { recursive: true });
    }
  });

  it('say that an nft without JSON is of no use', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'wgcni-nft-'));
    try {
      const complaint = '#!/bin/sh\necho "Error: JSON support not compiled-in" >&2\nexit 1\n';
      await writeFile(join(directory, 'nft'), complaint, { mode: 0o755 });
      vi.stubEnv('PATH', `${directory}:${process.env.PATH}`);
      await expect(new ExecNftTable({ name: 'ours' }).verify()).rejects.toMatchObject({
        ...{ code: 'config.invalid', field: 'nft', message: expect.stringContaining('JSON support') as unknown },
      });
    } finally {
      vi.unstubAllEnvs();
      await rm(directory, { recursive: true });
    }
  });

  it('name the missing namespace of their own', async () => {
    const path = `/var/run/netns/${randomBytes(6).toString('hex')}`;
    await expect(new ExecIpRoute({ ownNetns: path }).observe(undefined)).rejects.toMatchObject({
      code: 'netns.unusable',
      message: expect.stringContaining(path),
    });
  });
});
