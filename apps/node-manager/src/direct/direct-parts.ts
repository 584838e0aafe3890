/** The direct peers of a node and what other nodes are told of its containers, over its view. */
import type { Clock, Log, Random } from '@wgcni/base';
import type { PublicKey, WgDevices } from '@wgcni/wg';
import type { Identity } from '../registration/identity.ts';
import type { StandingBoard } from '../registration/standing.ts';
import type { ClusterView } from '../view/cluster-view.ts';
import type { ViewKeeper } from '../view/view-keeper.ts';
import { type DirectDevice, publishedOf } from './direct-device.ts';
import { DirectPeers } from './direct-peers.ts';
import { type FarContainer, farContainers } from './far-containers.ts';
import { ContainersPublisher } from './publisher.ts';

export interface DirectSources {
  identity: Pick<Identity, 'nodeId' | 'instance'>;
  /** Public key of the device that every container has as a peer. */
  node: PublicKey;
  keeper: Pick<ViewKeeper, 'view' | 'published'>;
  board: Pick<StandingBoard, 'standing'>;
  /** Every container's device, at this instant. */
  devices: () => readonly DirectDevice[];
  /** The endpoint by which each node is dialled, by its public key. */
  dialled: () => ReadonlyMap<PublicKey, string>;
}

export interface DirectPorts {
  devices: Pick<WgDevices, 'observe' | 'changeEach'>;
  clock: Clock;
  random: Random;
  log: Log;
  /** Told how much was found other than desired. */
  differed?: (count: number) => void;
}

/** What tells of an attachment tells both. */
export function openDirect(
  ports: DirectPorts,
  sources: DirectSources,
): { direct: DirectPeers; publisher: ContainersPublisher } {
  const { keeper, devices } = sources;
  const option = (): string => keeper.view.network?.direct ?? 'off';
  const publisher = new ContainersPublisher({
    ...ports,
    ...sources.identity,
    wanted: () =>
      option() === 'cluster'
        ? devices()
            .filter(({ isPeer }) => isPeer)
            .map(publishedOf)
        : [],
    shown: () => {
      const { published } = keeper;
      return published === undefined
        ? undefined
        : { containers: published.entry?.containers ?? [], revision: published.revision };
    },
    isOn: () => option() === 'cluster',
    isRegistered: () => sources.board.standing.kind === 'registered',
  });
  const direct = new DirectPeers({
    ...ports,
    node: sources.node,
    current: () => {
      const [isOn, isCluster] = [option() !== 'off', option() === 'cluster'];
      return devices().map((device) => ({
        ...device,
        isPeer: device.isPeer && isOn,
        isPublished: isCluster && publisher.isPublished(device.publicKey),
      }));
    },
    far: farReader(sources),
    withdrawn: (publicKey) => publisher.withdrawn(publicKey),
    onChanged: () => publisher.changed(),
  });
  publisher.onPublished(() => direct.changed());
  return { direct, publisher };
}

/** Asked for many times in a second, and hardly ever another. */
function farReader({ keeper, dialled }: DirectSources): () => readonly FarContainer[] {
  let last: { view: ClusterView; ways: string; far: FarContainer[] } | undefined;
  return () => {
    const [{ view }, endpoints] = [keeper, dialled()];
    const ways = [...endpoints.entries()].join();
    if (last?.view !== view || last.ways !== ways) last = { view, ways, far: farContainers(view, endpoints) };
    return last.far;
  };
}
