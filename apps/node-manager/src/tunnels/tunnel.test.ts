/** When a tunnel is broken, and how often it is repaired. */
import { describe, expect, it } from 'vitest';
import { causeOf } from './tunnel-cause.ts';
import { answered, heard, isRepairDue, repaired, seenFirst, type Tunnel, unasked } from './tunnel.ts';

const s = 1_000;
const shown = (receivedBytes: number, latestHandshakeAt = 0) => ({ receivedBytes, latestHandshakeAt });
const upAt = (ms: number): Tunnel =>
  answered(heard(seenFirst(shown(0), 0), shown(1_000), ms).tunnel, 'echo', ms).tunnel;
const brokenAt = (ms: number): Tunnel => answered(upAt(0), 'nothing', ms).tunnel;

describe('a tunnel', () => {
  it('is up when something was heard, and quiet when nothing came since', () => {
    const first = seenFirst(shown(500), 0);
    expect(first.state).toBe('unknown');
    const { tunnel, isQuiet } = heard(first, shown(628), 5 * s);
    expect([tunnel.state, tunnel.sinceMs, isQuiet]).toEqual(['up', 5 * s, false]);
    expect(heard(tunnel, shown(628), 10 * s)).toMatchObject({ isQuiet: true, tunnel: { state: 'up', sinceMs: 5 * s } });
  });

  it.each([148, 296, 92, 240, 388, -500])(
    'is not heard by %i bytes, which are handshakes or a peer made anew',
    (bytes) => {
      expect(heard(upAt(0), shown(1_000 + bytes), 5 * s).isQuiet).toBe(true);
    },
  );

  it('is broken by two questions without an answer, and well by the first echo', () => {
    const broken = answered(upAt(0), 'nothing', 9 * s);
    expect(broken).toMatchObject({ news: 'broken', tunnel: { state: 'broken', sinceMs: 9 * s } });
    const well = answered(repaired(broken.tunnel, 9 * s), 'echo', 20 * s);
    expect(well).toMatchObject({ news: 'well', tunnel: { state: 'up', sinceMs: 20 * s, attempts: 0, isAlarm: false } });
  });

  it('is not well by the bytes of a peer that hears nothing of ours, only by those after another handshake', () => {
    const { tunnel } = answered(heard(upAt(0), shown(1_000, 70), 5 * s).tunnel, 'nothing', 9 * s);
    // It goes on sending in the session it has; then its handshakes come, which none of ours answers.
    const sending = heard(tunnel, shown(9_000, 70), 12 * s);
    expect([sending.tunnel.state, sending.news]).toEqual(['broken', undefined]);
    const dialling = heard(repaired(sending.tunnel, 12 * s), shown(148, 0), 20 * s);
    expect([dialling.tunnel.state, dialling.isQuiet]).toEqual(['broken', true]);
    const both = heard(dialling.tunnel, shown(148 + 32, 91), 25 * s);
    expect(both).toMatchObject({ news: 'well', isQuiet: false, tunnel: { state: 'up', attempts: 0 } });
    expect(both.tunnel.cause).toMatch(/^packets come through it, but no echo is answered/);
  });

  it('through which something came while no echo did is not broken, but is once nothing comes', () => {
    const doubted = answered(upAt(0), 'bytes', 5 * s);
    expect(doubted).toMatchObject({ tunnel: { state: 'up', cause: expect.stringMatching(/no echo/) as string } });
    expect(doubted.news).toBeUndefined();
    expect(answered(doubted.tunnel, 'echo', 8 * s).tunnel.cause).toBeNull();
    expect(answered(doubted.tunnel, 'nothing', 8 * s).news).toBe('broken');
  });

  it('to a node that answers no echo is broken when nothing came for 20 s, whatever it was asked', () => {
    const bytes = answered(upAt(0), 'bytes', 5 * s).tunnel;
    let tunnel = heard(bytes, shown(5_000, 80), 8 * s).tunnel;
    for (const second of [10, 13, 16]) tunnel = answered(tunnel, 'nothing', second * s).tunnel;
    expect(tunnel.state).toBe('up');
    // The empty packet that WireGuard owes for a question.
    tunnel = heard(tunnel, shown(5_032, 80), 20 * s).tunnel;
    for (const second of [22, 30, 41]) tunnel = answered(tunnel, 'nothing', second * s).tunnel;
    expect(tunnel.state).toBe('up');
    expect(answered(tunnel, 'nothing', 42 * s).news).toBe('broken');
  });

  it('to a node that is just joining is not broken by its silence', () => {
    const asked = answered(seenFirst(shown(0), 0), 'nothing', 0);
    expect(answered(asked.tunnel, 'nothing', 19 * s)).toMatchObject({ tunnel: { state: 'unknown' } });
    expect(answered(asked.tunnel, 'nothing', 20 * s).news).toBe('broken');
  });

  it('of which nobody can be asked is unknown, unless it is broken', () => {
    expect(unasked(upAt(0), 5 * s)).toMatchObject({ state: 'unknown', sinceMs: 5 * s });
    expect(unasked(brokenAt(5 * s), 9 * s).state).toBe('broken');
  });

  it('is repaired at once, then after 15, 30, 60 … 600 s, and an alarm once three did not help', () => {
    let tunnel = brokenAt(0);
    const [repairs, alarms]: number[][] = [[], []];
    for (let second = 0; second < 2_200; second += 1) {
      const judged = answered(tunnel, 'nothing', second * s);
      tunnel = judged.tunnel;
      if (judged.news === 'not-repaired') alarms?.push(second);
      if (!isRepairDue(tunnel, second * s)) continue;
      tunnel = repaired(tunnel, second * s);
      repairs?.push(second);
    }
    expect(repairs).toEqual([0, 15, 45, 105, 225, 465, 945, 1_545, 2_145]);
    // Told once, when the third was made and it is broken still.
    expect(alarms).toEqual([46]);
  });
});

describe('the cause', () => {
  const symptoms = {
    ...{ isUnaccounted: false, endpoint: '192.0.2.2:51820', hasRoute: true, isEndpointAlive: true },
    handshakeAgeSec: 20 as number | undefined,
  };
  it.each([
    [{ isUnaccounted: true, isEndpointAlive: false }, /gone from the register/],
    [{ endpoint: undefined }, /no endpoint/],
    [{ hasRoute: false, isEndpointAlive: false }, /no route to 192\.0\.2\.2:51820/],
    [{ isEndpointAlive: false }, /does not answer on the underlay either/],
    [{ handshakeAgeSec: 300 }, /no handshake for 180 s or more/],
    [{ handshakeAgeSec: undefined }, /no handshake ever/],
    [{}, /a handshake in the last 180 s, but no packet passes/],
  ])('of %j is said', (change, words) => {
    const { cause, remedy } = causeOf({ ...symptoms, ...change });
    expect(cause).toMatch(words);
    expect(remedy).not.toBe('');
  });

  it('is said in the same words while nothing but time passes', () => {
    for (const [earlier, later] of [
      [20, 25],
      [300, 900],
    ])
      expect(causeOf({ ...symptoms, handshakeAgeSec: later })).toEqual(
        causeOf({ ...symptoms, handshakeAgeSec: earlier }),
      );
  });
});
