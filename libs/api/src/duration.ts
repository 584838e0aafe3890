/** PURE: durations as people write them. */

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of `30s`, `5m`, `24h`, `7d`, or plain seconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit = 's'] = /^([0-9]{1,9})(s|m|h|d)?$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * units[unit as keyof typeof units];
}
