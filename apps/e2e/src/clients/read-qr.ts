/** Reads a QR code off a terminal's screen, as a camera does: an image first, then whatever a reader makes of that. */
import jsqr from 'jsqr';

/** Dots of the image for each module, in both directions. */
const scale = 4;

/** The bytes that the code holds. Throws when it cannot be read. */
export function readQr(screen: string): Buffer {
  const rows = screen.split('\n').map((line) => [...line.replaceAll(/\u001b\[[0-9;]*m/g, '')]);
  // A letter is two modules, one above the other.
  const modules = rows.flatMap((row) => ['▀█', '▄█'].map((dark) => row.map((letter) => dark.includes(letter))));
  const [width, height] = [(modules[0]?.length ?? 0) * scale, modules.length * scale];
  const isDark = (dot: number): boolean =>
    modules[Math.floor(dot / width / scale)]?.[Math.floor((dot % width) / scale)] ?? false;
  const image = Uint8ClampedArray.from({ length: width * height * 4 }, (_, at) =>
    at % 4 === 3 || !isDark(Math.floor(at / 4)) ? 255 : 0,
  );
  const code = jsqr(image, width, height);
  if (code === null) throw new Error(`no reader makes anything of ${width / scale} columns`);
  return Buffer.from(code.binaryData);
}
