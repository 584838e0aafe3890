/** A selection of `make fuzz-api`: every malformed request is refused, every malformed value set aside, and nothing comes of any of them. */
import { describe, expect, it } from 'vitest';
import { fuzz } from './fuzz.ts';

const seed = Math.floor(Math.random() * 2 ** 31);

describe(`the node-manager, given anything (seed ${seed})`, () => {
  it('refuses 3,000 malformed requests in process and 300 on the wire, and sets 300 malformed values aside', async () => {
    const { injected, onWire, values, attached } = await fuzz({ injected: 3_000, onWire: 300, values: 300 }, seed);
    expect(injected.wrong).toEqual([]);
    expect(onWire.wrong).toEqual([]);
    expect(values.wrong).toEqual([]);
    expect([injected.sent, onWire.sent, values.written, attached]).toEqual([3_000, 300, 300, 0]);
    for (const status of [400, 404, 405]) expect(injected.statuses.get(status), String(status)).toBeGreaterThan(10);
    expect(values.quarantined).toBeGreaterThan(50);
  });
});
