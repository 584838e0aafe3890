/** The REST surface of the cluster-manager. */
import {
  eventRoutes,
  openServer,
  type ServerLimits,
  type ServerOptions as Surface,
  usualLimits,
} from '@wgcni/api/server';
import { CatalogueError } from '@wgcni/base';
import { StoreRefusedError, StoreUnavailableError } from '@wgcni/store';
import type { FastifyInstance } from 'fastify';
import type { RequestListener, ServerOptions } from 'node:http';
import { type CredentialSource, SecureServer } from '@wgcni/pki';
import type { ClientLimits } from './config.ts';
import type { Replica } from './replica.ts';
import { Gathering } from './report/gather.ts';
import { knowCallers } from './routes/caller.ts';
import { certificateRoutes } from './routes/certificates.ts';
import { clientRoutes } from './routes/clients.ts';
import { containerRoutes } from './routes/containers.ts';
import { networkRoutes } from './routes/network.ts';
import { nodeRoutes } from './routes/nodes.ts';
import { offeredRoutes } from './routes/offered-routes.ts';
import { pageRoutes } from './routes/page.ts';
import { rateClients } from './routes/rate-client.ts';
import { overviewRoutes } from './routes/overview.ts';
import { replicaRoutes } from './routes/replicas.ts';
import { reportRoutes } from './routes/reports.ts';
import { ruleRoutes } from './routes/rules.ts';
import { tokenRoutes } from './routes/tokens.ts';

/**
 * An instance that is not listening yet; tests use its `inject`. With credentials it speaks TLS, and only with those who may. Without limits of its
 * clients the usual ones hold, and each asks as often as it likes. `told` hears of each request.
 */
export async function buildApp(
  replica: Replica,
  credentials?: CredentialSource,
  clients?: ClientLimits,
  told: Pick<Surface, 'onRefusal' | 'onAnswered'> = {},
): Promise<FastifyInstance> {
  const secure = credentials === undefined ? undefined : new SecureServer(credentials);
  const options = {
    title: 'Wireguard CNI cluster-manager',
    description:
      'Grants subnets to nodes and keeps the register of their public keys. Any replica answers; the leader writes.',
    version: replica.version,
    server: { url: 'https://localhost:7001', description: 'any replica' },
    tags: [
      { name: 'network', description: 'The address plan' },
      { name: 'nodes', description: 'Registrations, grants and the life of a node' },
      { name: 'clients', description: 'Machines outside the cluster that dial in' },
      { name: 'certificates', description: 'How nodes join, and keep a certificate' },
      { name: 'reports', description: 'How nodes and tunnels are, and what happened' },
      { name: 'replicas', description: 'Cluster-managers and their health' },
    ],
    // A registration names at most 64 grants.
    bodyLimit: 64 * 1_024,
    log: replica.log,
    onRefusal: told.onRefusal,
    onAnswered: told.onAnswered,
    translate: storeErrorOf,
    ...(secure === undefined
      ? {}
      : { serve: (handler: RequestListener, creation: ServerOptions) => secure.serve(handler, creation) }),
    ...(clients === undefined ? {} : limitsOf(clients, replica, secure)),
  };
  return openServer(options, (app) => {
    knowCallers(app, replica, secure);
    networkRoutes(app, replica);
    ruleRoutes(app, replica);
    nodeRoutes(app, replica);
    containerRoutes(app, replica);
    offeredRoutes(app, replica);
    clientRoutes(app, replica);
    certificateRoutes(app, replica);
    tokenRoutes(app, replica);
    replicaRoutes(app, replica);
    const gathering = new Gathering(replica);
    reportRoutes(app, replica, gathering);
    overviewRoutes(app, replica, gathering);
    eventRoutes(app, replica.events, ['reports']);
    pageRoutes(app, replica);
  });
}

/** Read anew each time: they may change while the server runs. */
function limitsOf(clients: Readonly<ClientLimits>, replica: Replica, secure: SecureServer | undefined) {
  const limits: ServerLimits = {
    ...usualLimits,
    get connections() {
      return clients.connections;
    },
    get connectionsPerClient() {
      return clients.connectionsPerClient;
    },
  };
  return { limits, rate: { rate: clients, clientOf: rateClients(replica, secure), clock: replica.clock } };
}

/** A store that is away, or does not let us in, is a passing state, not a fault of ours. */
function storeErrorOf(thrown: unknown): unknown {
  if (thrown instanceof StoreRefusedError)
    return new CatalogueError('store.refused', thrown.message, { remedy: 'run wgcni etcd setup', cause: thrown });
  if (!(thrown instanceof StoreUnavailableError)) return thrown;
  return new CatalogueError('store.unavailable', `etcd did not answer: ${thrown.message}`, {
    remedy: 'see that etcd has a quorum, then try again',
    cause: thrown,
  });
}
