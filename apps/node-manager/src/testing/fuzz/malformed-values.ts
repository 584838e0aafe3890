/** Values that nobody of ours writes, under the keys that a node follows: each is set aside, and the mesh stays what it was. */
import { type Log, silentLog, systemClock, systemRandom } from '@wgcni/base';
import { MemoryKernel, MemorySysctl } from '@wgcni/iproute';
import { keysOf, MemoryBackend, MemoryStore, Reflector } from '@wgcni/store';
import { malformedRecord, seededUnit, settled } from '@wgcni/testing';
import { MemoryDevices, systemKeys } from '@wgcni/wg';
import { MeshDevice, meshRef } from '../../mesh/mesh-device.ts';
import { RepairBook } from '../../repair/repair-book.ts';
import { nodeViewOf } from '../../view/node-view-of.ts';
import { readSnapshot } from '../../view/read-snapshot.ts';
import { ViewKeeper } from '../../view/view-keeper.ts';

export interface ValuesReport {
  written: number;
  /** Times that the node said which keys it set aside. */
  quarantined: number;
  wrong: string[];
}

/** Another network is refused, and that is no malformed value. */
const isReplaced = (name: string): boolean => name !== 'networkId';
const keys = keysOf('main');
const network = {
  ...{ schema: 1, networkId: '0'.repeat(32), mtu: 1_420, keepaliveSec: 25, registrationTtlSec: 30, holdDownSec: 60 },
  pools: [{ cidr: '10.64.0.0/12', prefixLength: 24 }],
};
const nodeOf = (nodeId: string, third: number) => ({
  ...{ schema: 1, nodeId, publicKey: systemKeys.generate().publicKey, endpoints: [`192.0.2.${third}:51820`] },
  ...{ subnets: [{ cidr: `10.64.${third}.0/24`, grantId: String(third).repeat(32) }], draining: false },
});

/** Writes `count` values over the network and three nodes, one of which is this one, and works by what comes of it. */
export async function malformedValues(dataDir: string, count: number, seed: number): Promise<ValuesReport> {
  const unit = seededUnit(seed);
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(unit() * choices.length)] as T;
  const report: ValuesReport = { written: 0, quarantined: 0, wrong: [] };
  const backend = new MemoryBackend(systemClock);
  const put = (key: string, value: string): void =>
    void backend.transact({ compare: [], then: [{ kind: 'put', key, value }] });
  const nodes = [nodeOf('n1', 1), nodeOf('n2', 2), nodeOf('n3', 3)];
  const good = new Map([
    [keys.network, JSON.stringify(network)],
    ...nodes.map((node) => [keys.node(node.nodeId), JSON.stringify(node)] as const),
  ]);
  const restore = (): void => good.forEach((value, key) => put(key, value));
  const log: Log = {
    ...silentLog,
    error: (_, event) => void (event === 'view.quarantined' && (report.quarantined += 1)),
  };
  const kernel = new MemoryKernel();
  const keeper = new ViewKeeper({ dataDir, nodeId: 'n1', observe: () => kernel.observe(undefined), log });
  const { revision, ...plan } = { revision: 1, ...network, networkId: network.networkId };
  await keeper.take({
    ...{ nodeId: 'n1', network: plan as never, subnets: nodes[0]?.subnets ?? [] },
    ttlSec: 30,
    draining: false,
    revision,
  });
  const devices = new MemoryDevices(kernel);
  const settings = {
    ...{ ref: meshRef('n1'), key: systemKeys.generate(), listenPort: 51_820, view: () => keeper.view },
    servers: () => [],
    forgetDeparted: (gone: readonly string[]) => keeper.forgetDeparted(gone),
  };
  const repairs = new RepairBook({ events: { tell: () => {} }, clock: systemClock });
  const deps = { devices, iproute: kernel, sysctl: new MemorySysctl(), clock: systemClock, log: silentLog, repairs };
  const mesh = new MeshDevice(deps, settings);
  const reflector = new Reflector({
    store: new MemoryStore(backend),
    prefix: keys.mesh,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
  });
  const stop = new AbortController();
  const following = reflector.run(stop.signal, () => undefined);
  const work = async (): Promise<void> => {
    await settled();
    await keeper.accept(readSnapshot(reflector.items.values(), backend.revision, keys));
    nodeViewOf(keeper.view);
    await mesh.reconcile();
  };
  const peers = async (): Promise<string> =>
    JSON.stringify(
      (await devices.observe(settings.ref))?.peers.map(({ publicKey, allowedIps }) => [publicKey, allowedIps]).sort(),
    );
  restore();
  await work();
  const before = await peers();
  try {
    while (report.written < count) {
      const [key, value] = pick([...good]);
      put(
        unit() < 0.2 ? `${key}${pick(['x', '/y', '\u0000'])}` : key,
        malformedRecord(value, { unit, pick }, isReplaced),
      );
      report.written += 1;
      await work();
      if (report.written % 20 === 0) restore();
    }
    restore();
    await work();
    if ((await peers()) !== before) report.wrong.push(`peers at the end: ${await peers()}, before: ${before}`);
  } catch (error) {
    report.wrong.push(String(error instanceof Error ? error.stack : error));
  }
  stop.abort();
  await following.catch(() => undefined);
  return report;
}
