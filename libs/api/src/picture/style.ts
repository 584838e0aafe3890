/** The colours and strokes of everything that is drawn: of the page, and of a picture by itself. Light and dark; every colour has a shape beside it. */

export const pictureStyle = `
:root{--ground:#fff;--panel:#f6f7f9;--line:#d9dde3;--ink:#16191d;--soft:#59616c;--accent:#2457c5;--good:#1d7f4e;--bad:#c0272d;--warn:#9a6200;--idle:#6b7480;--wire:#aab4c0}
@media (prefers-color-scheme:dark){:root{--ground:#12151a;--panel:#1a1f26;--line:#313945;--ink:#e8ebef;--soft:#a3adba;--accent:#84aaff;--good:#4cc38a;--bad:#ff7a78;--warn:#e5b454;--idle:#8b95a3;--wire:#4a5563}}
svg text{font:12px system-ui,sans-serif;fill:var(--ink)}
.edge line{stroke:var(--wire);stroke-width:1}
.edge.unknown line{stroke:var(--idle);stroke-dasharray:1 4;stroke-linecap:round;stroke-width:1.5}
.edge.broken line{stroke:var(--bad);stroke-width:2;stroke-dasharray:7 4}
.edge .cross{stroke:var(--bad);stroke-width:2.5;fill:none}
.node{--c:var(--good)}.node.trouble{--c:var(--bad)}.node.unknown,.node.silent,.node.deleted{--c:var(--idle)}.node.draining{--c:var(--accent)}
.node .fill{fill:var(--c)}.node .hollow{fill:var(--ground);stroke:var(--c);stroke-width:2}.node .dashed{stroke-dasharray:3 2.5}
.node .stroke{stroke:var(--c);stroke-width:2;fill:none}.node .mark{stroke:var(--ground);stroke-width:1.8;stroke-linecap:round;fill:none}
.node .halo{fill:transparent;stroke:transparent;stroke-width:2}
.node.chosen .halo{stroke:var(--accent)}
.cell .frame{fill:none;stroke:var(--line)}.cell .fill{fill:var(--accent);fill-opacity:.75}
.cell .stroke{stroke:var(--warn);stroke-width:2;fill:none}.cell .dot{fill:var(--idle)}
`.trim();
