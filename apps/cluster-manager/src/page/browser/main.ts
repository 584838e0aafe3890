/** The page in the browser: asks, draws, and follows the keyboard; what is drawn is decided in `view`. */
import type { Overview, Report } from '@wgcni/api';
import { neighbourOf, placeNodes } from '@wgcni/api/picture';
import type { Model } from '../view/model.ts';
import { showPage } from '../view/show-page.ts';
import { patchChildren } from './patch.ts';

const everyMs = 5_000;
const giveUpMs = 15_000;

type State = Omit<Model, 'overview' | 'width'> & { overview: Overview | undefined };
type Events = NonNullable<Model['events']>;

const state: State = {
  ...{ overview: undefined, failure: undefined, events: undefined, chosen: chosenByAddress(), report: undefined },
  ...{ current: chosenByAddress(), filter: '' },
};
const page = document.querySelector('#page');

/** A page that is given on shows the same node. */
function chosenByAddress(): string | undefined {
  return new URLSearchParams(location.hash.slice(1)).get('node') ?? undefined;
}

function draw(): void {
  const { overview } = state;
  if (page === null) return;
  if (overview === undefined) {
    page.textContent = state.failure === undefined ? 'Asking the cluster…' : `No answer: ${state.failure}`;
    return;
  }
  const isFirst = page.querySelector('main') === null;
  if (isFirst) page.replaceChildren();
  document.title = `${overview.cluster} – Wireguard CNI`;
  patchChildren(page, showPage({ ...state, overview, width: widthOfDrawings() }));
  if (isFirst) requestAnimationFrame(() => requestAnimationFrame(() => performance.mark('wgcni.drawn')));
}

/** As the style sheet lays the graph out; before it is there, as it will. */
function widthOfDrawings(): number {
  const graph = page?.querySelector('.canvas');
  if (graph instanceof HTMLElement && graph.clientWidth > 0) return graph.clientWidth;
  const wide = Math.min(document.documentElement.clientWidth, 1_320);
  return wide > 920 ? wide - 48 - 36 - 400 : wide - 32;
}

async function ask<T>(path: string): Promise<T | 'absent'> {
  const answer = await fetch(path, { headers: { accept: 'application/json' }, signal: AbortSignal.timeout(giveUpMs) });
  if (answer.status === 404) return 'absent';
  const json = (await answer.json()) as T & { detail?: string };
  if (!answer.ok) throw new Error(json.detail ?? `status ${answer.status}`);
  return json;
}

async function refresh(): Promise<void> {
  try {
    const overview = await ask<Overview>('/v1/overview');
    if (overview === 'absent') throw new Error('this cluster-manager has no overview');
    [state.overview, state.failure] = [overview, undefined];
    draw();
    await Promise.all([refreshEvents(), refreshChosen()]);
  } catch (error) {
    state.failure = error instanceof Error ? error.message : String(error);
  }
  draw();
}

async function refreshEvents(): Promise<void> {
  const events = await ask<Events>('/v1/events');
  if (events !== 'absent') state.events = events;
}

async function refreshChosen(): Promise<void> {
  const { chosen, overview } = state;
  const node = overview?.nodes.find(({ nodeId }) => nodeId === chosen);
  if (chosen === undefined || node === undefined) return;
  // Who has not reported is not asked for: an answer that is an error would stand in the console of the browser.
  const report = node.report === null ? 'absent' : await ask<Report>(`/v1/nodes/${encodeURIComponent(chosen)}/report`);
  if (state.chosen === chosen) state.report = report;
}

function choose(nodeId: string): void {
  if (state.chosen !== nodeId) state.report = undefined;
  [state.chosen, state.current] = [nodeId, nodeId];
  history.replaceState(null, '', `#${new URLSearchParams({ node: nodeId }).toString()}`);
  draw();
  refreshChosen().then(draw, (error: unknown) => {
    state.failure = String(error);
    draw();
  });
}

/** The node that an event is about, and the part of the page that it came from. */
function nodeOf(event: Event): { nodeId: string; within: Element } | undefined {
  const target = event.target instanceof Element ? event.target.closest('[data-node]') : null;
  const [nodeId, within] = [target?.getAttribute('data-node'), target?.closest('svg.graph, ul.rows')];
  return nodeId === null || nodeId === undefined || !within ? undefined : { nodeId, within };
}

/** Moves the keyboard to another node: by its place in the graph, by its line in the list. */
function move(event: KeyboardEvent, { nodeId, within }: { nodeId: string; within: Element }): void {
  const shown = [...within.querySelectorAll('[data-node]')];
  const ids = shown.map((node) => node.getAttribute('data-node'));
  const layout = placeNodes(shown.length, within.matches('svg') ? widthOfDrawings() : 1);
  const to = neighbourOf(ids.indexOf(nodeId), event.key, within.matches('svg') ? layout : { ...layout, columns: 1 });
  const next = ids[to];
  if (next === null || next === undefined || next === nodeId) return;
  event.preventDefault();
  state.current = next;
  draw();
  const node = shown[to];
  if (node instanceof HTMLElement || node instanceof SVGElement) node.focus();
}

document.addEventListener('click', (event) => {
  const found = nodeOf(event);
  if (found === undefined) return;
  choose(found.nodeId);
  // On a phone the details are below what was touched.
  const details = document.querySelector('#chosen');
  if (details !== null && details.getBoundingClientRect().top > innerHeight - 80) details.scrollIntoView();
});
document.addEventListener('keydown', (event) => {
  const found = nodeOf(event);
  if (found === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  // A button of the list does this by itself.
  if ((event.key === 'Enter' || event.key === ' ') && found.within.matches('svg')) {
    event.preventDefault();
    choose(found.nodeId);
  } else move(event, found);
});
document.addEventListener('input', (event) => {
  if (!(event.target instanceof HTMLInputElement)) return;
  state.filter = event.target.value;
  draw();
});
new ResizeObserver(() => draw()).observe(document.documentElement);

async function keepFresh(): Promise<void> {
  for (;;) {
    await refresh();
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    // Nobody looks: nobody is asked.
    while (document.hidden)
      await new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }));
  }
}

void keepFresh();
