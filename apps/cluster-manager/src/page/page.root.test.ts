/**
 * The page as people meet it: five hundred nodes, by keyboard, on a phone, and with nobody asked but the cluster-manager.
 *
 *   headless Chromium ──HTTP on loopback──▶ cluster-manager with a store in memory, 500 nodes and their reports
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { load, openPage, type PageInBrowser } from '../testing/page/page-in-browser.ts';

const desk = { width: 1_360, height: 1_000 };
const phone = { width: 360, height: 740, isMobile: true };

let page: PageInBrowser;
beforeAll(async () => {
  page = await openPage(500);
});
afterAll(() => page?.close());

const evaluate = <T>(expression: string): Promise<T> => page.browser.evaluate<T>(expression);
/** Whose node has the focus, in the graph or in the list; null for none. */
const focused = (): Promise<string | null> => evaluate(`document.activeElement?.getAttribute('data-node') ?? null`);
const chosen = (): Promise<string> => evaluate(`document.querySelector('#chosen h3')?.textContent ?? ''`);
const becomes = <T>(read: () => Promise<T>, wanted: T) =>
  expect.poll(read, { timeout: 10_000, interval: 50 }).toEqual(wanted);

it('is painted with all nodes within a second', async () => {
  await page.browser.screen(desk);
  const loads: { firstPaintMs: number; drawnMs: number }[] = [];
  for (let count = 0; count < 5; count += 1) loads.push(await load(page));
  const median = (of: 'firstPaintMs' | 'drawnMs'): number =>
    loads.map((each) => each[of]).sort((a, b) => a - b)[2] ?? NaN;
  console.log(
    `page of 500 nodes: first paint ${Math.round(median('firstPaintMs'))} ms, all drawn ${Math.round(median('drawnMs'))} ms`,
  );
  expect(median('firstPaintMs')).toBeLessThanOrEqual(1_000);
  expect(median('drawnMs')).toBeLessThanOrEqual(1_000);
  expect(await evaluate(`document.querySelectorAll('svg.graph [data-node]').length`)).toBe(500);
  expect(await evaluate(`document.querySelectorAll('.edge.broken').length`)).toBeGreaterThan(5);
});

it('is walked by keyboard: into the graph, along the nodes, to one of them, and on to the list', async () => {
  await load(page);
  await evaluate(`document.querySelector('.skip').focus()`);
  await page.browser.press('Tab');
  expect(await focused()).toBe(page.nodeIds[0]);
  for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp'] as const)
    await page.browser.press(key);
  expect(await focused()).toBe(page.nodeIds[1]);
  const ring = `getComputedStyle(document.activeElement.querySelector('.halo')).stroke`;
  expect(await evaluate(ring)).not.toBe('none');
  await page.browser.press('Enter');
  await becomes(chosen, page.nodeIds[1] ?? '');
  await becomes(() => evaluate(`document.querySelectorAll('#chosen .mono').length`), 4);
  await page.browser.press('Tab');
  await page.browser.type('node-49');
  await becomes(() => evaluate(`document.querySelectorAll('.rows li').length`), 10);
  await page.browser.press('Tab');
  await page.browser.press('ArrowDown');
  expect(await focused()).toBe('node-491');
  await page.browser.press('Enter');
  await becomes(chosen, 'node-491');
});

it('shows the same node again when its address is given on, and is not put out by one that makes no sense', async () => {
  await page.browser.goTo('about:blank');
  await load(page, '#node=node-007');
  await becomes(chosen, 'node-007');
  await page.browser.goTo('about:blank');
  await load(page, '#%&node=%zz');
  expect(await chosen()).toBe('');
});

it('is drawn anew each five seconds under who uses it: the focus stays, and what is new is there', async () => {
  await load(page);
  await evaluate(`document.querySelector('svg.graph [data-node="node-100"]').focus()`);
  const [gone] = page.nodeIds;
  page.cluster.write(page.cluster.keys.node(gone ?? ''));
  await becomes(() => evaluate(`document.querySelectorAll('svg.graph [data-node]').length`), 499);
  expect(await focused()).toBe('node-100');
});

it('fits a phone: nothing is wider than the screen, and what is touched is large enough', async () => {
  await page.browser.screen(phone);
  await load(page);
  expect(await evaluate(`document.documentElement.scrollWidth`)).toBeLessThanOrEqual(phone.width);
  expect(await evaluate(`document.documentElement.clientWidth`)).toBe(phone.width);
  const halo = `document.querySelector('svg.graph .halo').getBoundingClientRect().width`;
  expect(await evaluate(halo)).toBeGreaterThanOrEqual(24);
  expect(await evaluate(`document.querySelector('.row').getBoundingClientRect().height`)).toBeGreaterThanOrEqual(40);
});

it('tells by words and shapes what it tells by colours', async () => {
  await page.browser.screen(desk);
  await load(page);
  const shapes = await evaluate<Record<string, string>>(`Object.fromEntries(
    [...document.querySelectorAll('svg.graph .node')].map((node) => [
      node.classList[1],
      [...node.children].slice(2).map((shape) => shape.tagName + (shape.getAttribute('class') ?? '')).join(),
    ]))`);
  expect(Object.keys(shapes).sort()).toEqual(['draining', 'silent', 'trouble', 'unknown', 'up']);
  expect(new Set(Object.values(shapes)).size).toBe(5);
  const legend = await evaluate<string>(`document.querySelector('.legend').textContent`);
  for (const word of ['up', 'trouble', 'unknown', 'draining', 'silent']) expect(legend).toContain(word);
});

it('asks nobody but the cluster-manager, and complains of nothing', () => {
  const elsewhere = page.browser.asked.filter((url) => !url.startsWith(`${page.origin}/`) && url !== 'data:,');
  expect(page.browser.asked.length).toBeGreaterThan(10);
  expect(elsewhere).toEqual([]);
  expect(page.browser.complaints).toEqual([]);
});
