/** A promise with its measured figure. */

export interface Figure {
  name: string;
  /** What was measured, in words. */
  value: string;
  /** Whether it is within what was promised. */
  isKept: boolean;
}
