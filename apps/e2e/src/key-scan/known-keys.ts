/** The private keys that were made, and whether one of them stands in a text, in whatever form; they are kept in memory and go nowhere else. */

import { createPrivateKey } from 'node:crypto';

/** How many letters of a key are looked up at once; enough that chance finds none. */
const headLength = 8;
/** The filter before the look-up has 2 to the power of this bits. */
const filterPower = 20;

export class KnownKeys {
  readonly #known = new Set<string>();
  /** By their first letters: the forms of keys that begin so. */
  readonly #heads = new Map<string, string[]>();
  readonly #filter = new Uint8Array(2 ** filterPower / 8);

  get size(): number {
    return this.#known.size;
  }

  /** Learns a key of WireGuard by its text as `wg` prints it; anything else is passed over. Whether it was new. */
  learn(text: string): boolean {
    const key = text.trim();
    return /^[A-Za-z0-9+/]{43}=$/.test(key) && this.#learn(key, formsOf(key));
  }

  /** Learns the private key (EC on P-256) of a certificate, from PEM. Whether it was new; throws for what is none. */
  learnPem(pem: string): boolean {
    const { d } = createPrivateKey(pem).export({ format: 'jwk' });
    const key = Buffer.from(d ?? '', 'base64url').toString('base64');
    // PKCS #8 has it from the 37th byte on, so that its letters are these, 16 of them before the line ends; the next line is secret as a whole.
    return this.#learn(key, [...formsOf(key), key.slice(0, 16), pem.split('\n')[2] ?? key]);
  }

  /** Learns the secret of a join token. Whether it was new. */
  learnToken(word: string): boolean {
    const secret = word.trim().split('.')[3] ?? '';
    return (
      secret.length === 43 &&
      this.#learn(secret, [secret, ...formsOf(Buffer.from(secret, 'base64url').toString('base64'))])
    );
  }

  #learn(key: string, forms: readonly string[]): boolean {
    if (this.#known.has(key)) return false;
    this.#known.add(key);
    for (const form of new Set(forms)) {
      const head = form.slice(0, headLength);
      this.#heads.set(head, [...(this.#heads.get(head) ?? []), form]);
      const at = hashAt(form, 0);
      this.#filter[at >> 3] = (this.#filter[at >> 3] ?? 0) | (1 << (at & 7));
    }
    return true;
  }

  /** Whether any known key stands anywhere in the text: base64 of either alphabet, padded or not, hexadecimal, or its bytes (latin1). */
  standIn(text: string): boolean {
    for (let index = 0; index + headLength <= text.length; index += 1) {
      const at = hashAt(text, index);
      if (((this.#filter[at >> 3] ?? 0) & (1 << (at & 7))) === 0) continue;
      const forms = this.#heads.get(text.slice(index, index + headLength)) ?? [];
      if (forms.some((form) => text.startsWith(form, index))) return true;
    }
    return false;
  }
}

function formsOf(key: string): string[] {
  const bytes = Buffer.from(key, 'base64');
  const hex = bytes.toString('hex');
  const forms = [key.slice(0, -1), bytes.toString('base64url'), hex, hex.toUpperCase(), bytes.toString('latin1')];
  return [...new Set(forms)];
}

/** A number for the four letters from `index` on, of as many bits as the filter has places. */
function hashAt(text: string, index: number): number {
  const [a, b] = [text.charCodeAt(index), text.charCodeAt(index + 1)];
  const [c, d] = [text.charCodeAt(index + 2), text.charCodeAt(index + 3)];
  return Math.imul((a << 24) ^ (b << 16) ^ (c << 8) ^ d, 0x9e3779b1) >>> (32 - filterPower);
}
