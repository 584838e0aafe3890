/** Randomness as a dependency, so that simulations replay from a seed. */
import { randomBytes } from 'node:crypto';

export interface Random {
  /** `count` random bytes. */
  bytes(count: number): Uint8Array;
  /** A number in [0, 1). */
  unit(): number;
}

/** Cryptographic randomness from the operating system; `unit` is for jitter. */
export const systemRandom: Random = {
  bytes: (count) => randomBytes(count),
  unit: () => randomBytes(4).readUInt32BE() / 2 ** 32,
};

/** A random 128-bit identifier in 32 lower-case hexadecimal digits. */
export function randomId(random: Random): string {
  return Buffer.from(random.bytes(16)).toString('hex');
}
