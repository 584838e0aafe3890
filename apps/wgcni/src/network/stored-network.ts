/** The network as a node-manager keeps it in its `view.json`: what an emptied store is given back. */
import { NetworkInputSchema, type NetworkInput } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import { Value } from '@sinclair/typebox/value';

/** The network in the text of a stored view. Throws CatalogueError `request.invalid` naming the file when there is none. */
export function storedNetwork(text: string, path: string): NetworkInput {
  const network = networkOf(parseJson(text));
  if (Value.Check(NetworkInputSchema, network) && network.networkId !== undefined) return network;
  throw new CatalogueError('request.invalid', `${path} holds no network`, {
    field: 'view',
    remedy: 'name the view.json of a node-manager that has joined the cluster',
  });
}

function networkOf(view: unknown): unknown {
  return typeof view === 'object' && view !== null && 'network' in view ? view.network : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
