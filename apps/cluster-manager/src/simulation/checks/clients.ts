/** Clients in the store: what stands for one stands together, nothing stands for one that is gone, and none lives past its life. */
import type { ClientAddressRecord, ClientRecord, Keys, KeyClaimRecord } from '@wgcni/store';
import type { StoreServer } from '../store-server.ts';

/** To be called at rest: then the leader has heard of every life that ended. */
export function checkClients({ server, keys }: { server: StoreServer; keys: Keys }, bad: (what: string) => void): void {
  const under = <T>(prefix: string): [string, T][] =>
    server.backend.range(prefix, {}).items.map(({ key, value }) => [key, JSON.parse(value) as T]);
  const clients = under<ClientRecord>(keys.clients).map(([, record]) => record);
  const wanted = [
    ...clients.flatMap(({ name, addresses }) => addresses.map((each) => `${keys.clientAddress(each)} ${name}`)),
    ...clients.map(({ name, publicKey }) => `${keys.keyClaim(publicKey)} client/${name}`),
    ...clients.filter(({ expires }) => expires).map(({ name }) => `${keys.clientLife(name)} ${name}`),
  ];
  const present = [
    ...[keys.clientAddresses, keys.clientLives].flatMap((prefix) =>
      under<ClientAddressRecord>(prefix).map(([key, { name }]) => `${key} ${name}`),
    ),
    ...under<KeyClaimRecord>(keys.keyClaims).flatMap(([key, { nodeId }]) =>
      nodeId.startsWith('client/') ? [`${key} ${nodeId}`] : [],
    ),
  ];
  const differing = [
    ...wanted.filter((one) => !present.includes(one)).map((one) => `${one} is missing`),
    ...present.filter((one) => !wanted.includes(one)).map((one) => `${one} is of nobody`),
  ];
  if (differing.length > 0) bad(`clients do not agree: ${differing.join(', ')}`);
  const tombstoned = clients.filter(
    ({ publicKey }) => server.backend.get(keys.goneEntry('client', publicKey)) !== undefined,
  );
  if (tombstoned.length > 0) bad(`${tombstoned.map(({ name }) => name).join(', ')}: there, and said to be gone`);
}
