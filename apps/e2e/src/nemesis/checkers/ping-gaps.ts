/** Packets that running containers lost, each gap beside the fault that may explain it. */
import { ofKind, type FaultEvent, type HistoryEvent, type PingEvent } from '../history/event.ts';

/** What is lost so long after a fault that harms packets is still its doing. */
const aftermathMs = 10_000;

export interface Gap {
  route: string;
  gapMs: number;
  lost: number;
  fault: FaultEvent | undefined;
}

/** All gaps, with the fault during or shortly after which they began. */
export function pingGaps(history: readonly HistoryEvent[]): Gap[] {
  const faults = ofKind(history, 'fault');
  return ofKind(history, 'ping').flatMap(({ from, to, address, gaps }) =>
    gaps.map((gap) => ({
      ...{ route: `${from} → ${to} (${address})`, gapMs: gap.toMs - gap.fromMs, lost: gap.lost },
      fault: causeOf(faults, gap),
    })),
  );
}

/** Gaps that no fault explains which harms packets, and pings that did not run, in words. */
export function pingViolations(history: readonly HistoryEvent[]): string[] {
  const idle = ofKind(history, 'ping').filter(({ sent }) => sent < 10);
  return [
    ...idle.map(({ from, to, sent }) => `the ping ${from} → ${to} sent only ${sent} requests`),
    ...pingGaps(history)
      .filter(({ fault }) => fault?.harm !== 'packets')
      .map(
        ({ route, lost, fault }) =>
          `${route} lost ${lost} requests ${fault === undefined ? 'without a fault' : `in fault ${fault.number} (${fault.nemesis})`}`,
      ),
    ...pingGaps(history)
      .filter(({ gapMs, fault }) => gapMs > (fault?.gapBoundMs ?? Infinity))
      .map(
        ({ route, gapMs, fault }) =>
          `${route} was silent for ${Math.round(gapMs)} ms in fault ${fault?.number} (${fault?.nemesis})`,
      ),
  ];
}

function causeOf(faults: readonly FaultEvent[], gap: PingEvent['gaps'][number]): FaultEvent | undefined {
  const near = faults.filter(({ strikeMs, healedMs }) => gap.toMs >= strikeMs && gap.fromMs <= healedMs + aftermathMs);
  return near.find(({ harm }) => harm === 'packets') ?? near[0];
}
