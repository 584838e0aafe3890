/** How the page looks: one column on a phone, two on a desk; light and dark by what the reader has chosen. */

export const pageStyle = `
*{box-sizing:border-box}
html{background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;-webkit-text-size-adjust:100%}
body{margin:0}
#page{max-width:1320px;margin:0 auto;padding:20px 24px 48px}
.first{padding:40px 24px;color:var(--soft)}
h1,h2,h3,p,ul,dl,dd{margin:0;padding:0}
ul{list-style:none}
h1{font-size:24px;line-height:1.2;font-weight:650;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:15px;font-weight:650;letter-spacing:.005em}
h3{font-size:17px;font-weight:650;overflow-wrap:anywhere}
code,.mono{font-family:ui-monospace,"Cascadia Mono","DejaVu Sans Mono",Menlo,monospace;font-size:.9em}
.soft{color:var(--soft)}
.small{font-size:13px}
.skip{position:absolute;left:-9999px}
.skip:focus{left:16px;top:12px;background:var(--ground);padding:8px 12px;z-index:2}
header{display:flex;flex-wrap:wrap;gap:10px 28px;align-items:flex-end;padding:0 0 18px;border-bottom:1px solid var(--line)}
header .name{flex:1 1 240px;min-width:0}
header .eyebrow{font-size:12px;letter-spacing:.08em;text-transform:uppercase;color:var(--soft)}
.facts{display:flex;flex-wrap:wrap;gap:8px 28px}
.facts dt{font-size:12px;color:var(--soft)}
.facts dd{font-weight:600;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.notice{margin:14px 0 0;padding:10px 14px;border:1px solid var(--line);border-left:4px solid var(--warn);border-radius:6px;background:var(--panel)}
.notice.bad{border-left-color:var(--bad)}
main{display:grid;grid-template-columns:minmax(0,1fr) minmax(320px,400px);gap:28px 36px;padding-top:22px;align-items:start}
.column{display:grid;gap:30px;min-width:0}
section{min-width:0}
.head{display:flex;flex-wrap:wrap;gap:4px 16px;align-items:baseline;margin-bottom:10px}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;font-size:13px;font-variant-numeric:tabular-nums;margin-bottom:12px}
.legend li{display:flex;gap:7px;align-items:center}
.legend svg{flex:none}
.canvas svg,.map svg{display:block;max-width:100%}
.node{cursor:pointer;outline:none}
.node:hover .halo{stroke:var(--line)}
.node:focus-visible .halo,.node.chosen:focus-visible .halo{stroke:var(--ink);stroke-width:2.5}
.node.chosen text{font-weight:700}
.panel{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:16px 18px}
.panel dl{display:grid;grid-template-columns:auto minmax(0,1fr);gap:5px 16px;margin:10px 0 0;font-size:14px}
.panel dt{color:var(--soft)}
.panel dd{overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
.panel h4{margin:16px 0 6px;font-size:13px;font-weight:650}
.badge{display:flex;gap:8px;align-items:baseline;font-size:14px;margin-top:4px}
.badge svg{flex:none;align-self:flex-start;margin-top:3px}
.items{display:grid;gap:6px;font-size:13.5px}
.items li{overflow-wrap:anywhere}
.scroll{max-height:380px;overflow:auto;overscroll-behavior:contain}
.find{width:100%;font:inherit;color:inherit;background:var(--ground);border:1px solid var(--idle);border-radius:7px;padding:7px 11px;margin-bottom:8px}
.rows{border:1px solid var(--line);border-radius:8px}
.rows li+li{border-top:1px solid var(--line)}
.row{display:grid;grid-template-columns:18px minmax(0,1fr) auto;gap:2px 10px;align-items:center;width:100%;min-height:40px;padding:7px 12px;border:0;background:none;color:inherit;font:inherit;text-align:left;cursor:pointer}
.row:hover,.row[aria-current=true]{background:var(--panel)}
.row[aria-current=true]{box-shadow:inset 3px 0 0 var(--accent)}
.row .id{font-weight:550;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.row .what{font-size:13px;color:var(--soft);font-variant-numeric:tabular-nums}
:focus-visible{outline:2.5px solid var(--ink);outline-offset:2px}
.rows :focus-visible{outline-offset:-3px}
.pool{margin:0}
.map+.map{margin-top:20px}
.map p{margin-bottom:7px}
.events li{display:grid;grid-template-columns:64px minmax(0,1fr);gap:0 12px;padding:7px 0;border-top:1px solid var(--line);font-size:14px}
.events li:first-child{border-top:0}
.events time{color:var(--soft);font-variant-numeric:tabular-nums;font-size:13px;line-height:21px}
.events p{overflow-wrap:anywhere}
footer{margin-top:34px;padding-top:14px;border-top:1px solid var(--line);font-size:13px;color:var(--soft)}
@media (max-width:920px){main{grid-template-columns:minmax(0,1fr)}.column{display:contents}#chosen{order:1}#list{order:2}#events{order:3}#pools{order:4}#page{padding:16px 16px 40px}.facts{gap:8px 22px}h1{font-size:21px}}
@media (prefers-reduced-motion:no-preference){.node .halo{transition:stroke .12s}}
`.trim();
