/** PURE: the one table of who may do what: each operation of the REST surface, by nodes and by people. */
import { type Identity, operatorRoles, type OperatorRole } from '@wgcni/pki';

interface Permission {
  /** Nodes: of any record, of the one that is named after them, or none. */
  node: 'any' | 'own' | 'none';
  /** The least role of a person, or none. */
  operator: OperatorRole | 'none';
}

/** Whoever has a token, which is judged by itself; nobody by a certificate. */
const joining: Permission = { node: 'none', operator: 'none' };
const reading: Permission = { node: 'any', operator: 'read' };
/** What only the node itself can say truly: its keys, endpoints, and that nothing of a subnet is in use. */
const speakingForItself: Permission = { node: 'own', operator: 'none' };
/** What no node needs to know. */
const overseeing: Permission = { node: 'none', operator: 'read' };
const operating: Permission = { node: 'none', operator: 'operate' };
/** What takes subnets from those who may still use them, or changes the address plan. */
const administering: Permission = { node: 'none', operator: 'admin' };

/** By operation id. An operation that is not here is refused to everyone. A manager does nothing of its own: it forwards. */
export const permissions: Readonly<Record<string, Permission>> = {
  getNetwork: reading,
  putNetwork: administering,
  patchNetwork: administering,
  listRules: reading,
  putRule: administering,
  deleteRule: administering,
  listPools: reading,
  putPool: administering,
  listSubnets: reading,
  listNodes: reading,
  listRoutes: reading,
  putRoute: administering,
  deleteRoute: administering,
  getNode: reading,
  listPeers: reading,
  registerNode: speakingForItself,
  renewRegistration: speakingForItself,
  releaseGrants: speakingForItself,
  putContainers: speakingForItself,
  renewCertificate: speakingForItself,
  putReport: speakingForItself,
  joinNode: joining,
  drainNode: operating,
  undrainNode: operating,
  deleteNode: administering,
  forgetNode: administering,
  admitNode: administering,
  getReport: overseeing,
  listReports: overseeing,
  getOverview: overseeing,
  listEvents: overseeing,
  listClients: overseeing,
  getClient: overseeing,
  getClientConfig: overseeing,
  putClient: operating,
  deleteClient: operating,
  listTokens: overseeing,
  putToken: administering,
  deleteToken: administering,
  getLeader: reading,
  listReplicas: reading,
  getHealth: reading,
  getReadiness: reading,
  /** The page for people. */
  '/ui/': overseeing,
  /** The document of all operations, which is none itself. */
  '/openapi.json': reading,
};

/** Whether a caller may do an operation to the node `nodeId`, where the operation names one. */
export function mayDo(caller: Identity, operation: string, nodeId: string | undefined): boolean {
  const permission = Object.hasOwn(permissions, operation) ? permissions[operation] : undefined;
  if (permission === undefined) return false;
  switch (caller.kind) {
    case 'node':
      return permission.node === 'any' || (permission.node === 'own' && nodeId === caller.nodeId);
    case 'operator':
      return (
        permission.operator !== 'none' &&
        operatorRoles.indexOf(caller.role) >= operatorRoles.indexOf(permission.operator)
      );
    case 'manager':
      return false;
  }
}
