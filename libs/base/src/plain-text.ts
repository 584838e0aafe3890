/** PURE: text of somebody else without what a terminal, a log or a document takes for more than text. */

/** Control characters, those of 8 bits too; signs that turn the direction of writing; ends of lines; and what no document of XML may hold. */
const unseen = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufffe\uffff]+/gu;
/** Each of the same, but for what parts lines and columns. */
const unseenInLines = /(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufffe\uffff]/gu;

/** A message as one line: what is not to be seen is one space. */
export function oneLine(text: string): string {
  return text.replace(unseen, ' ');
}

/** Text of several lines, in which what is not to be seen stands as a sign of its own: whoever sent it did not mean well. */
export function printable(text: string): string {
  return text.replace(unseenInLines, '\ufffd');
}
