/** PURE over the probe it is given: how large a packet of the mesh each path takes, asked with as few questions as will do. */

/** Which of the addresses answer, asked with a packet as large as one of the mesh that holds `mtu` bytes. */
export type Ask = (addresses: readonly string[], mtu: number) => Promise<ReadonlySet<string>>;

/** Fits every path; an echo of the usual 56 bytes of data. */
const smallMtu = 24;
/** How often a path must carry the small and not the large packet before it is believed: one may be lost. */
const looks = 2;
/** How often the largest size that passes is asked for. */
const mostGuesses = 6;

/** The MTUs of real links (RFC 1191 §7, and what tunnels, PPPoE and clouds have): a path has one of these, mostly. */
const usualLinks = [
  ...[576, 1_006, 1_280, 1_300, 1_340, 1_350, 1_360, 1_380, 1_390, 1_400, 1_420, 1_430, 1_436, 1_440, 1_442, 1_446],
  ...[1_450, 1_454, 1_460, 1_472, 1_476, 1_480, 1_492, 1_500, 2_000, 4_352, 8_500, 8_900, 8_942, 9_000, 9_001],
];

/**
 * For each address the largest MTU of the network, up to `mtu`, that its path is known to take; null for one that answers to nothing, of
 * which nobody can say anything: ICMP may be blocked there.
 */
export async function inquire(
  ask: Ask,
  addresses: readonly string[],
  mtu: number,
): Promise<Map<string, number | null>> {
  const found = new Map<string, number | null>(addresses.map((address) => [address, mtu]));
  let suspects = addresses;
  for (let look = 0; look < looks && suspects.length > 0; look += 1) {
    suspects = without(suspects, await ask(suspects, mtu));
    const alive = suspects.length === 0 ? new Set<string>() : await ask(suspects, smallMtu);
    for (const address of without(suspects, alive)) found.set(address, null);
    suspects = suspects.filter((address) => alive.has(address));
  }
  for (const [address, carried] of await largestPassing(ask, suspects, mtu)) found.set(address, carried);
  return found;
}

/** Halves what is open between the sizes that pass and those that do not; what one is asked the others are asked too. */
async function largestPassing(ask: Ask, addresses: readonly string[], mtu: number): Promise<Map<string, number>> {
  const sizes = [smallMtu, ...candidatesBelow(mtu)];
  const ranges = new Map(addresses.map((address) => [address, { passing: 0, failing: sizes.length }]));
  for (let guess = 0; guess < mostGuesses; guess += 1) {
    const open = [...ranges].filter(([, { passing, failing }]) => failing - passing > 1);
    const first = open[0]?.[1];
    if (first === undefined) break;
    const middle = Math.floor((first.passing + first.failing) / 2);
    const answered = await ask(
      open.map(([address]) => address),
      sizes[middle] ?? smallMtu,
    );
    for (const [address, range] of open) {
      if (answered.has(address)) range.passing = Math.max(range.passing, middle);
      else range.failing = Math.min(range.failing, middle);
    }
  }
  return new Map([...ranges].map(([address, { passing }]) => [address, sizes[passing] ?? smallMtu]));
}

/** What the usual links leave of their packets for the mesh, over either family, in rising order. */
function candidatesBelow(mtu: number): number[] {
  const left = usualLinks.flatMap((link) => [link - 60, link - 80]);
  return [...new Set(left)].filter((size) => size < mtu).sort((one, other) => one - other);
}

function without(addresses: readonly string[], gone: ReadonlySet<string>): string[] {
  return addresses.filter((address) => !gone.has(address));
}
