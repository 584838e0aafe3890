/** Takes the picture of the page that stands in the documentation: `make page-picture`, or FILE NODES WIDTH HEIGHT [phone] [dark]. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { load, openPage } from './page-in-browser.ts';

async function main([file = 'docs/images/page.png', nodes = '500', width = '1360', height = '1240', ...how]: string[]) {
  const page = await openPage(Number(nodes));
  try {
    const is = { isMobile: how.includes('phone'), isDark: how.includes('dark') };
    await page.browser.screen({ width: Number(width), height: Number(height), ...is });
    await load(page);
    const troubled = `document.querySelector('svg.graph .node.trouble') ?? document.querySelector('svg.graph .node')`;
    await page.browser.evaluate(`(${troubled}).dispatchEvent(new MouseEvent('click', { bubbles: true }))`);
    await page.browser.evaluate(`new Promise((resolve) => setTimeout(resolve, 1_500))`);
    const picture = await page.browser.picture();
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, picture);
    console.log(`${file}: ${Math.round(picture.length / 1_024)} KiB`);
  } finally {
    await page.close();
  }
}

void main(process.argv.slice(2));
