/** How far the lab is: a line for each step that is done, and on a terminal the one that is being done below them. */

/** Part of `process.stderr`. */
export interface Screen {
  isTTY: boolean;
  write(text: string): unknown;
}

/** What `Lab` calls; what is done is told by `say`. The step that fails stays on the screen, above its error. */
export function showSteps(
  screen: Screen,
  say: (line: string) => void,
): { begins: (what: string) => void; progress: (line: string) => void } {
  const over = (text: string): void => void (screen.isTTY && screen.write(`\r\u001B[K${text}`));
  return {
    begins: (what) => over(`  … ${what}`),
    progress: (line) => {
      over('');
      say(`  ✓ ${line}`);
    },
  };
}
