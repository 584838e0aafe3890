/** Has the cluster take a client in whose key was made here: what is not known to have failed is asked for again, and nobody stays whose key is lost. */
import { type Client, type ClientInput, type ManagerClient, refusedAfter } from '@wgcni/api';
import { CatalogueError, type Clock, messageOf, toCatalogueError } from '@wgcni/base';

/** How often it is asked for; each time at every manager, for up to 15 seconds. */
const mostTries = 3;
const betweenTriesMs = 200;
/** Says nothing about an earlier try. */
const unheard = ['request.too-many', 'request.too-slow'];

/** Repeats with the same key until the answer is one. Throws CatalogueError: the refusal, with the failure before it as its cause, or the last failure. */
export async function takeIn(
  manager: Pick<ManagerClient, 'putClient'>,
  name: string,
  input: ClientInput,
  clock: Clock,
): Promise<Client> {
  let earlier: unknown;
  for (let tries = 1; ; tries += 1) {
    try {
      return await manager.putClient(name, input);
    } catch (error) {
      if (isRefusal(error)) throw refusedAfter(error, earlier);
      if (tries >= mostTries) throw error;
      earlier = error;
    }
    await clock.sleep(betweenTriesMs);
  }
}

/**
 * After `failure` the client of this key goes again, so that the same command can be given once more. Resolves with what is to be thrown: the failure, or one that
 * says what may have stayed.
 */
export async function takeBack(
  manager: Pick<ManagerClient, 'deleteClient'>,
  name: string,
  publicKey: string,
  failure: unknown,
): Promise<CatalogueError> {
  try {
    // FENCE: the name may stand for another key by now: that client is another's.
    await manager.deleteClient(name, { publicKey });
    return toCatalogueError(failure);
  } catch (error) {
    if (isRefusal(error) && error.http !== 401 && error.http !== 403) return toCatalogueError(failure);
    const { code } = toCatalogueError(failure);
    const message = `${messageOf(failure)}; ${name} may stand in the register with a key that nobody has`;
    return new CatalogueError(code, message, {
      remedy: `take it out before it is added again: wgcni client remove ${name} --public-key ${publicKey}`,
      cause: failure,
    });
  }
}

/** Whether the first that was heard is a no of somebody who knows: then nothing was written. A repeat may be refused for what has changed since it was. */
export function isUnwritten(error: unknown): boolean {
  return isRefusal(error) && error.cause === undefined;
}

/** Whether somebody who knows has said no. */
function isRefusal(error: unknown): error is CatalogueError {
  return error instanceof CatalogueError && error.http < 500 && !unheard.includes(error.code);
}
