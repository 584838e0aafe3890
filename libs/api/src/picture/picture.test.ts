/** What is drawn of a cluster: conditions, tunnels, places, and the three forms of a picture. */
import { describe, expect, it } from 'vitest';
import { conditionsOf, countConditions, othersNotUp } from './condition.ts';
import { drawGraph } from './draw-graph.ts';
import { edgesOf, mostWithAllEdges } from './edges.ts';
import { neighbourOf, placeNodes } from './place-nodes.ts';
import { printMermaid } from './print-mermaid.ts';
import { printSvg } from './print-svg.ts';
import { printText } from './print-text.ts';
import { brokenBetween, nodeOf, overviewOf } from './testing/overview.ts';
import { el, markup } from './tree.ts';

const silent = nodeOf('n2', 3, { state: 'silent', silentSec: 60, report: null });
const told = nodeOf('n1', 3).report;

describe('the condition of a node', () => {
  const conditionOf = (change: object, tunnels = overviewOf(0).tunnels) =>
    conditionsOf({ nodes: [nodeOf('n1', 3, change)], tunnels }).get('n1');

  it('is up only when it has told so', () => {
    expect(conditionOf({})).toBe('up');
    expect(conditionOf({ report: null })).toBe('unknown');
  });

  it('is trouble with a broken tunnel at either end, or with what it could not mend', () => {
    const overview = overviewOf(3, { tunnels: [brokenBetween('n1', 'n3')] });
    expect([...conditionsOf(overview).values()]).toEqual(['trouble', 'up', 'trouble']);
    expect(conditionOf({ report: { ...told, problems: ['no fping'] } })).toBe('trouble');
    expect(conditionOf({ hasBroken: true })).toBe('trouble');
    expect(conditionOf({ state: 'draining' }, [brokenBetween('n1', 'n2')])).toBe('trouble');
  });

  it('is what the register says of who is silent, deleted or draining', () => {
    for (const state of ['silent', 'deleted', 'draining']) expect(conditionOf({ state })).toBe(state);
  });

  it('is counted without those that none is in', () => {
    const counts = countConditions(conditionsOf(overviewOf(3, { nodes: [nodeOf('n1', 2), silent] })));
    expect(counts).toEqual([
      { condition: 'up', count: 1 },
      { condition: 'silent', count: 1 },
    ]);
  });
});

describe('tunnels', () => {
  it('are drawn every one among few nodes: up, broken, or unknown where nobody can tell', () => {
    const unheard = nodeOf('n4', 4, { report: null });
    const nodes = [nodeOf('n1', 4), silent, unheard, nodeOf('n5', 4, { report: null })];
    const edges = edgesOf(overviewOf(0, { nodes, tunnels: [brokenBetween('n4', 'n1')] }));
    expect(edges.map(({ from, to, state }) => `${from} ${to} ${state}`)).toEqual([
      ...['n1 n2 unknown', 'n4 n1 broken', 'n1 n5 up'],
      ...['n2 n4 unknown', 'n2 n5 unknown', 'n4 n5 unknown'],
    ]);
  });

  it('have no end at a node that left the mesh', () => {
    expect(edgesOf(overviewOf(0, { nodes: [nodeOf('n1', 2), nodeOf('n2', 2, { state: 'deleted' })] }))).toEqual([]);
  });

  it('are drawn among many nodes when they are broken, and only then', () => {
    const many = overviewOf(mostWithAllEdges + 1, { tunnels: [brokenBetween('n1', 'n9')] });
    expect(edgesOf(many)).toEqual([brokenBetween('n1', 'n9')]);
    expect(edgesOf(overviewOf(mostWithAllEdges))).toHaveLength((mostWithAllEdges * (mostWithAllEdges - 1)) / 2);
  });

  it('that are not named are counted in words', () => {
    const unknown = { ...brokenBetween('n1', 'n2'), state: 'unknown' as const };
    const tunnels = [brokenBetween('n1', 'n3'), unknown];
    expect(othersNotUp({ tunnels, tunnelsNotUp: 7 })).toBe(
      'of 1 tunnels nobody knows, 5 more that are not up are not named',
    );
    expect(othersNotUp({ tunnels: [], tunnelsNotUp: 0 })).toBe('');
  });
});

describe('places', () => {
  it.each([1, 2, 30, 31, 500, 5_000])('of %i nodes are all inside the picture and all apart', (count) => {
    for (const width of [328, 820]) {
      const { places, width: wide, height } = placeNodes(count, width);
      expect(places).toHaveLength(count);
      expect(places.filter(({ x, y }) => x < 8 || x > wide - 8 || y < 8 || y > height - 8)).toEqual([]);
      expect(new Set(places.map(({ x, y }) => `${x} ${y}`)).size).toBe(count);
      expect(wide).toBeLessThanOrEqual(width);
    }
  });

  it('are walked by arrow keys, and never left', () => {
    const layout = placeNodes(500, 26 * 20);
    expect(layout.columns).toBe(20);
    const walk = (from: number, key: string): number => neighbourOf(from, key, layout);
    expect([walk(5, 'ArrowRight'), walk(5, 'ArrowLeft'), walk(5, 'ArrowDown'), walk(25, 'ArrowUp')]).toEqual([
      6, 4, 25, 5,
    ]);
    expect([walk(5, 'ArrowUp'), walk(499, 'ArrowRight'), walk(0, 'ArrowLeft'), walk(490, 'ArrowDown')]).toEqual([
      5, 499, 0, 490,
    ]);
    expect([walk(77, 'Home'), walk(77, 'End'), walk(77, 'x')]).toEqual([0, 499, 77]);
  });
});

describe('the graph', () => {
  it('has one entrance for the keyboard: where it was, or the first node', () => {
    const entrances = (current?: string) =>
      drawGraph(overviewOf(5), { width: 800, current })
        .children.filter((child) => typeof child !== 'string' && child.attributes['tabindex'] === '0')
        .map((child) => (typeof child === 'string' ? '' : child.attributes['data-node']));
    expect([entrances(), entrances('n3'), entrances('gone')]).toEqual([['n1'], ['n3'], ['n1']]);
  });

  it('says of each node in words what its shape shows', () => {
    const text = markup(drawGraph(overviewOf(0, { nodes: [nodeOf('n1', 3), silent] }), { width: 800 }));
    expect(text).toContain('aria-label="n1: up, 2 of 2 tunnels up, 2 attachments"');
    expect(text).toContain('aria-label="n2: silent, for 60 s or more"');
  });

  it('lets no text of a report become markup', () => {
    const tunnels = [{ ...brokenBetween('n1', 'n2'), cause: '<script>"&\'' }];
    const text = markup(drawGraph(overviewOf(2, { tunnels }), { width: 800 }));
    expect(text).not.toContain('<script');
    expect(text).toContain('&#60;script&#62;&#34;&#38;&#39;');
    expect(markup(el('p', { title: '"', hidden: false, open: true }, '<'))).toBe('<p title="&#34;" open="">&#60;</p>');
  });
});

describe('a printed picture', () => {
  const pool = { cidr: '10.64.0.0/20', prefixLength: 24, subnets: '16', taken: 2, blocks: [] };
  const overview = overviewOf(3, { pools: [pool], tunnels: [brokenBetween('n1', 'n3')], tunnelsNotUp: 1 });

  it('is text that names what is wrong', () => {
    expect(printText(overview, 40).split('\n')).toEqual([
      ...['cluster main  leader m1', '3 nodes  ● 1 up  ▲ 2 trouble', '', '▲ n1  ● n2  ▲ n3', ''],
      ...['broken tunnels:', '  n1 ✕ n3  broken since 2026-01-01T11:59:00Z: nothing comes through', ''],
      'pool 10.64.0.0/20 /24  [███░░░░░░░░░░░░░░░░░░░░░]  2 of 16 subnets taken (13 %)',
    ]);
    expect(printText(overviewOf(0, { leader: null }))).toContain('leader NONE');
    const replicas = [{ replicaId: 'm2', version: '1', isHeard: false }];
    expect(printText(overviewOf(1, { replicas }))).toContain('not heard: m2');
  });

  it('does nothing to a terminal, and is a document of XML, whatever a node wrote', () => {
    const cause = 'down\u001B]52;c;eA==\u0007\u001B[2J\nall is \u202Epu\uFFFE';
    const hostile = { ...overview, tunnels: [{ ...brokenBetween('n1', 'n3'), cause }] };
    expect(printText(hostile)).toContain(': down ]52;c;eA== [2J all is  pu \n');
    for (const text of [printText(hostile), printSvg(hostile)])
      expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}\uFFFE]/u);
  });

  it('is Mermaid with each tunnel by its state', () => {
    const lines = printMermaid(overview)
      .split('\n')
      .map((line) => line.trim());
    expect(lines).toEqual(
      expect.arrayContaining(['graph LR', 'n0["▲ n1<br/>trouble"]:::trouble', 'n0 --- n1', 'n0 x-- broken --x n2']),
    );
  });

  it('is an SVG document by itself, with its style and a legend', () => {
    const text = printSvg(overview);
    expect(text).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="960"/);
    expect(text).toMatch(/<\/svg>$/);
    expect(text).toContain('1 up');
    expect(text).toContain('prefers-color-scheme:dark');
  });
});
