/** Does the same with many things, a few at once. */

/** Resolves when `work` is done with every one; `hands` are worked on at once. Rejects as the first that fails. */
export async function inTurn<T>(all: readonly T[], hands: number, work: (one: T) => Promise<void>): Promise<void> {
  const left = all.values();
  const hand = async (): Promise<void> => {
    for (const one of left) await work(one);
  };
  await Promise.all(Array.from({ length: hands }, hand));
}
