/** PURE: a text as a QR code for a terminal: two rows of modules in each line, dark on light whatever the terminal's colours. */
import { CatalogueError } from '@wgcni/base';
import { encode } from 'uqr';

/** Light modules around the code that every reader expects (ISO/IEC 18004). */
const quietZone = 4;
/** ANSI: black on bright white, and back. */
const [ink, plain] = ['\u001b[30;107m', '\u001b[0m'];
/** By what is dark: neither, the lower, the upper, both. */
const halves = [' ', '▄', '▀', '█'] as const;

/**
 * The lines of the code. `columns` is the width of the terminal, where it is known. Throws CatalogueError `config.invalid` for a text that no code holds
 * and for a code that is wider than the terminal.
 */
export function terminalQr(text: string, columns?: number): string {
  const rows = modulesOf(text);
  if (columns !== undefined && rows.length > columns)
    throw tooLarge(`a QR code of it is ${rows.length} columns wide, and this terminal ${columns}`);
  const lines = Array.from({ length: Math.ceil(rows.length / 2) }, (_, index) => {
    const [upper = [], lower = []] = [rows[2 * index], rows[2 * index + 1]];
    return `${ink}${upper.map((isDark, column) => halfOf(isDark, lower[column] === true)).join('')}${plain}`;
  });
  return lines.join('\n');
}

function halfOf(isUpperDark: boolean, isLowerDark: boolean): string {
  return halves[(isUpperDark ? 2 : 0) + (isLowerDark ? 1 : 0)] ?? ' ';
}

function modulesOf(text: string): boolean[][] {
  try {
    // The least correction: a screen has no dirt, and a smaller code is easier to read.
    return encode(text, { ecc: 'L', border: quietZone }).data;
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(`no QR code holds ${Buffer.byteLength(text)} bytes`);
    throw error;
  }
}

function tooLarge(why: string): CatalogueError {
  return new CatalogueError('config.invalid', `the configuration is too large for --qr: ${why}`, {
    field: '--qr',
    remedy: 'let the client dial one node for all (--via NODE), or write a file (--out FILE)',
  });
}
