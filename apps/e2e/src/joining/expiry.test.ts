/**
 * Certificates that run out under a moved clock: all daemons live by libfaketime; etcd does not, and is shown certificates that last.
 *
 *   c1 ── n1 ── bridge ── etcd ×1, cluster-manager ×1 (it issues)
 *   c2 ─┘
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@wgcni/base';
import { certificatesIn } from '@wgcni/pki';
import { type NodePlan, PingMonitor, until } from '@wgcni/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { movedClock } from '../faketime.ts';
import { bringUp, type Scenario } from '../scenario.ts';

const hourMs = 3_600_000;

describe('a certificate', () => {
  let scene: Scenario;
  let pings: PingMonitor;
  let clockFile: string;
  beforeAll(async () => {
    const size = { nodes: 1, containersPerNode: 2, managers: 1, etcd: 1 };
    const env: Record<string, string> = {};
    scene = await bringUp(size, {
      ...{ joins: true, ownEtcdCertificates: true, env },
      // A certificate lives seven hold-downs.
      managerFlags: ['--registration-ttl', '6s', '--hold-down', '1h'],
      beforeUp: async ({ dir }) => {
        clockFile = join(dir, 'clock');
        await mkdir(dir, { recursive: true, mode: 0o700 });
        await moveClock(0);
        Object.assign(env, movedClock(clockFile));
      },
    });
    const [near, far] = scene.places;
    pings = new PingMonitor(near?.netnsPath ?? '', far?.addresses[0] ?? '', 20);
    await pings.underWay();
  });
  afterAll(() => scene.lab.down());

  const node = (): NodePlan => scene.lab.plan.nodes[0] as NodePlan;

  /** By how many hours all daemons are ahead of the machine's clock. */
  async function moveClock(hours: number): Promise<void> {
    await writeFile(`${clockFile}.new`, `+${Math.round(hours * 3_600)}\n`);
    await rename(`${clockFile}.new`, clockFile);
  }

  async function validToMs(): Promise<number> {
    const dir = join(node().dataDir, 'credentials');
    const current = (await readFile(join(dir, 'current'), 'utf8')).trim();
    const [own] = certificatesIn(await readFile(join(dir, `${current}.cert.pem`), 'utf8'));
    return Date.parse(own?.validTo ?? '');
  }

  it('is renewed at two thirds of its life, while everything goes on', async () => {
    const first = await validToMs();
    expect(Math.round((first - Date.now()) / hourMs)).toBe(7);
    await moveClock(4.9);
    await until(
      30_000,
      'a renewed certificate',
      async () => (await validToMs()) > first || new Error('it is the first'),
    );
    expect(Math.round(((await validToMs()) - Date.now()) / hourMs)).toBe(12);
    expect((await scene.lab.nodeReady(node(), 5_000)).isRegistered).toBe(true);
  });

  it('that ended in an outage is renewed when the managers are back, and no packet was lost meanwhile', async () => {
    const { lab } = scene;
    const [manager] = lab.plan.managers;
    await lab.process(manager?.id ?? '').stop();
    await moveClock(12.4);
    // Longer than the node waits between two looks at the clock.
    await systemClock.sleep(12_000);
    expect((await validToMs()) - Date.now()).toBeLessThan(12.1 * hourMs);
    lab.startManager(manager?.id ?? '');
    await until(
      60_000,
      'a certificate that is good again',
      async () => (await validToMs()) - Date.now() > 19 * hourMs || new Error('it has ended'),
    );
    await lab.nodeStatusWhere(node(), ({ isRegistered }) => isRegistered, 20_000);
    const { lost, sent } = await pings.stop();
    console.log(`${sent} pings, ${lost.length} lost`);
    expect(lost).toEqual([]);
    // As many as go out while the managers are away, if nothing else took any time.
    expect(sent).toBeGreaterThan(12_000 / 20);
  });
});
