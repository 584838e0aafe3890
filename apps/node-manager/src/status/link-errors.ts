/** PURE: what the kernel counts of the packets that a tunnel refused. */

/** Which column of what a device received counts framing errors, after its name. */
const frameColumn = 5;

/**
 * Packets that each of these devices refused, from the text of /proc/net/dev: WireGuard counts one whose source its sender may not use, or that is
 * no whole packet, as an error of its frame or length, which that file shows as one number. A device that is not there has none.
 */
export function rejectedPackets(text: string, devices: readonly string[]): Map<string, number> {
  const rejected = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [name = '', counters = ''] = line.split(':');
    const count = Number(counters.trim().split(/\s+/)[frameColumn]);
    if (devices.includes(name.trim()) && Number.isSafeInteger(count)) rejected.set(name.trim(), count);
  }
  return rejected;
}
