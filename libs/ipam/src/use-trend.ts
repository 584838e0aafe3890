/** PURE: how a pool fills lately, and when it is full if that goes on; silent where nothing can be said. */

interface Sample {
  atMs: number;
  taken: number;
}

interface Line {
  /** Taken more in each millisecond. */
  slope: number;
  /** How far the slope may be off by chance. */
  standardError: number;
}

const minuteMs = 60_000;
/** What lies further back says nothing of what comes. */
const windowMs = 24 * 60 * minuteMs;
/** A trend is told from samples over this long at least, and this many. */
const leastSpanMs = 60 * minuteMs;
const leastSamples = 8;
/** A slope that is not so many times larger than its error may be chance. */
const certainty = 4;
/** Nobody plans further. */
const mostMs = 3_650 * 24 * 60 * minuteMs;

/** How often `note` is worth a call. */
export const useSampleMs = 5 * minuteMs;

export class UseTrend {
  #samples: Sample[] = [];

  /** So much is taken at this instant of the monotonic clock. A call that comes too soon after another is passed over. */
  note(atMs: number, taken: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && atMs - last.atMs < useSampleMs) return;
    this.#samples = [...this.#samples.filter((sample) => atMs - sample.atMs <= windowMs), { atMs, taken }];
  }

  /**
   * Milliseconds until nothing is free, of which `free` is now; 0 when nothing is. Undefined without a trend: too little was seen, what is taken
   * does not grow, or no longer, or goes up and down by more than it grows, or lasts for more than ten years.
   */
  untilFullMs(free: number): number | undefined {
    if (free <= 0) return 0;
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || this.#samples.length < leastSamples) return undefined;
    if (last.atMs - first.atMs < leastSpanMs) return undefined;
    const { slope, standardError } = lineThrough(this.#samples);
    if (slope <= 0 || slope < certainty * standardError || !this.#stillGrows(first, last)) return undefined;
    const ms = free / slope;
    return ms > mostMs ? undefined : ms;
  }

  /** A burst that is over makes a line that rises all the same. */
  #stillGrows(first: Sample, last: Sample): boolean {
    const middleMs = (first.atMs + last.atMs) / 2;
    const middle = this.#samples.find(({ atMs }) => atMs >= middleMs) ?? last;
    return last.taken > middle.taken;
  }
}

/** The straight line that fits best, by least squares. */
function lineThrough(samples: readonly Sample[]): Line {
  const count = samples.length;
  const meanOf = (read: (sample: Sample) => number): number =>
    samples.reduce((sum, sample) => sum + read(sample), 0) / count;
  const [meanAt, meanTaken] = [meanOf(({ atMs }) => atMs), meanOf(({ taken }) => taken)];
  const spread = samples.reduce((sum, { atMs }) => sum + (atMs - meanAt) ** 2, 0);
  const slope = samples.reduce((sum, { atMs, taken }) => sum + (atMs - meanAt) * (taken - meanTaken), 0) / spread;
  const missed = samples.reduce((sum, { atMs, taken }) => sum + (taken - meanTaken - slope * (atMs - meanAt)) ** 2, 0);
  return { slope, standardError: Math.sqrt(missed / (count - 2) / spread) };
}
