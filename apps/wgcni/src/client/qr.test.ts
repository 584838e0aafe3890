/** A code on the terminal, read as a camera would: the very bytes of the configuration; what is too large says what to do. */
import { randomBytes } from 'node:crypto';
import jsqr from 'jsqr';
import { describe, expect, it } from 'vitest';
import { terminalQr } from './qr.ts';

const key = (): string => randomBytes(32).toString('base64');
const peer = (index: number): string =>
  [
    ...['', `# n${index}`, '[Peer]', `PublicKey = ${key()}`, `Endpoint = 192.0.2.${index}:51820`],
    ...[`AllowedIPs = 10.64.${index}.0/24, fd64:0:0:${index}::/64`, 'PersistentKeepalive = 25', ''],
  ].join('\n');
const configWith = (peers: number): string =>
  [
    `# laptop\n[Interface]\nPrivateKey = ${key()}\nAddress = 10.66.0.5/32, fd66::c532:103:9adb:a14c/128\nMTU = 1420\n`,
    ...Array.from({ length: peers }, (_, index) => peer(index + 1)),
  ].join('');

/** The screen as an image: each half of a letter four by four dots, dark or light by what is printed there. */
function photographed(screen: string): { dots: Uint8ClampedArray; width: number; height: number } {
  const scale = 4;
  const rows = screen.split('\n').map((line) => [...line.replaceAll(/\u001b\[[0-9;]*m/g, '')]);
  const modules = rows.flatMap((row) => [
    row.map((half) => '▀█'.includes(half)),
    row.map((half) => '▄█'.includes(half)),
  ]);
  const [width, height] = [(modules[0]?.length ?? 0) * scale, modules.length * scale];
  const dots = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1)
      if (modules[Math.floor(y / scale)]?.[Math.floor(x / scale)] === true)
        dots.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3);
  return { dots, width, height };
}

describe('the QR code of a configuration', () => {
  it.each([1, 2, 3, 5, 8, 14])('of %d peers is read as the file, byte for byte', (peers) => {
    const text = configWith(peers);
    const { dots, width, height } = photographed(terminalQr(text));
    const read = jsqr(dots, width, height);
    expect(Buffer.from(read?.binaryData ?? []).equals(Buffer.from(text))).toBe(true);
  });

  it('that dials one node fits a terminal of 80 columns', () => {
    const [first = ''] = terminalQr(configWith(1), 80).split('\n');
    expect(first.length).toBeLessThan(80 + '\u001b[30;107m\u001b[0m'.length);
  });

  it.each([
    ['no code holds it', configWith(18), undefined, /no QR code holds \d+ bytes/],
    ['the terminal is too narrow', configWith(3), 80, /is \d+ columns wide, and this terminal 80/],
  ])('is refused when %s, with a remedy', (_, text, columns, why) => {
    const refusal = expect.objectContaining({
      code: 'config.invalid',
      message: expect.stringMatching(why) as string,
      remedy: expect.stringContaining('--via') as string,
    }) as Error;
    expect(() => terminalQr(text, columns)).toThrow(refusal);
  });
});
