/** PURE: the cluster at a glance, drawn: what the page and `wgcni graph` show, by the same code. Imports nothing that a browser has not got. */
export * from './condition.ts';
export * from './draw-graph.ts';
export * from './draw-pool.ts';
export * from './edges.ts';
export * from './place-nodes.ts';
export * from './print-mermaid.ts';
export * from './print-svg.ts';
export * from './print-text.ts';
export * from './style.ts';
export * from './tree.ts';
