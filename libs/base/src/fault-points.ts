/** Named instants at which a test may end the process as a power cut would; without that order nothing happens at them. */

/** Called at each instant, synchronously and in the order of the program. */
export type FaultPoints<Name extends string> = (name: Name) => void;

/** The variable that names the instant: `name`, or `name#3` for the third time that it is reached. */
export const faultVariable = 'WGCNI_DIE_AT';

/** What production runs with. */
export function noFaultPoints(): void {
  // Nothing happens.
}

/**
 * The fault points of a process that was told by `order` where to die; `die` must not return to the program's next step. A name that
 * is none of `names` is an order to another process, which inherited the same environment.
 */
export function faultPoints<Name extends string>(
  names: readonly Name[],
  order: string | undefined,
  die: () => void,
): FaultPoints<Name> {
  const [, ordered, count = '1'] = /^(.*?)(?:#([0-9]+))?$/.exec(order ?? '') ?? [];
  const name = names.find((candidate) => candidate === ordered);
  if (name === undefined) return noFaultPoints;
  let left = Number(count);
  return (reached) => {
    if (reached !== name) return;
    left -= 1;
    if (left === 0) die();
  };
}
