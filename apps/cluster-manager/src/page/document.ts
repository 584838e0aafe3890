/** PURE: the document that is sent: an empty frame, the style, and the script that fills it. */
import { pictureStyle } from '@wgcni/api/picture';
import { pageStyle } from './style.ts';

export function pageDocument(script: string): string {
  // What a parser of HTML would take for the end of the script.
  const inside = script.replaceAll('</script', '<\\/script').trim();
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    '<title>Wireguard CNI</title>',
    '<link rel="icon" href="data:,">',
    `<style>${pictureStyle}\n${pageStyle}</style>`,
    '</head>',
    '<body>',
    '<div id="page"><p class="first">Asking the cluster…</p></div>',
    '<noscript><p class="first">This page is drawn by its script; <code>wgcni graph</code> shows the same as text.</p></noscript>',
    `<script>${inside}</script>`,
    '</body>',
    '</html>',
  ].join('\n');
}
