/** What in a directory others could read or change: anything wider than 0700 for directories, 0600 for all else. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** How many files and directories were looked at, and which are too wide, with their modes. */
export async function wideModes(directories: readonly string[]): Promise<{ looked: number; wide: string[] }> {
  const report = { looked: 0, wide: [] as string[] };
  for (const directory of directories) {
    const names = await readdir(directory, { recursive: true });
    for (const name of ['', ...names]) {
      const path = join(directory, name);
      const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      if (found === undefined) continue;
      report.looked += 1;
      if ((found.mode & 0o077) !== 0) report.wide.push(`${path} has mode ${(found.mode & 0o777).toString(8)}`);
    }
  }
  return report;
}
