/** PURE: the table of docs/planted-bugs.md, written from the manifest. */
import type { PlantedBug } from './planted-bug.ts';
import { caughtBy } from './table.ts';

const table = /(?<=<!-- table, written by `make planted-docs` -->\n)[^]*?(?=<!-- end of table -->)/;

/** The page with its table as the manifest has it. Throws RangeError for a page without a place for it. */
export function withTable(page: string, bugs: readonly PlantedBug[]): string {
  if (!table.test(page)) throw new RangeError('the page has no place for the table');
  const lines = bugs.map(
    ({ name, does, promise, catchers }) =>
      `| ${name} | ${does} | ${promise} | ${catchers.map(caughtBy).join('<br>')} |`,
  );
  const head = ['| Bug | What the patched code does | Promise | Caught by |', '|---|---|---|---|'];
  return page.replace(table, () => ['', ...head, ...lines, '', ''].join('\n'));
}
