/** Every nemesis, by its name. */
import { clockNemeses } from './clocks.ts';
import { diskNemeses } from './full-disk.ts';
import type { Nemesis } from './nemesis.ts';
import { partitionNemeses } from './partitions.ts';
import { signalNemeses } from './signals.ts';
import { storeNemeses } from './store-loss.ts';
import { wireguardNemeses } from './wireguard.ts';

/** All of them, in the order of the table. */
export const allNemeses: readonly Nemesis[] = [
  ...signalNemeses,
  ...wireguardNemeses,
  ...partitionNemeses,
  ...storeNemeses,
  ...diskNemeses,
  ...clockNemeses,
];
