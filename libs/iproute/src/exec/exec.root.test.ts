/**
 * The process adapters keep the contracts of the ports, on the real kernel:
 *
 *   test process ──nsenter──▶ own (throw-away, stands for the node's namespace)    other (throw-away, a container's)
 */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  describeFirewallContract,
  describeIpRouteContract,
  describeSysctlContract,
  ThrowawayNetns,
} from '../contract/index.ts';
import { parseSavedRules } from '../firewall/saved-rules.ts';
import { ExecFirewall } from './firewall.ts';
import { ExecIpRoute } from './ip-route.ts';
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

describe('the process adapters', () => {
  it('read and write switches of the namespace they are in without a process', async () => {
    const sysctl = new ExecSysctl();
    const value = await sysctl.read('net.ipv4.ip_forward');
    expect(value).toMatch(/^[01]$/);
    await sysctl.write({ 'net.ipv4.ip_forward': value ?? '0' });
    expect(await sysctl.read('net.ipv4.conf.absent.forwarding')).toBeUndefined();
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

  it('name the missing namespace of their own', async () => {
    const path = `/var/run/netns/${randomBytes(6).toString('hex')}`;
    await expect(new ExecIpRoute({ ownNetns: path }).observe(undefined)).rejects.toMatchObject({
      code: 'netns.unusable',
      message: expect.stringContaining(path),
    });
  });
});
