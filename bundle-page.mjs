// The page of the cluster-manager as one HTML document: its script and style are inside, so that it asks nobody for anything but data.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const page = join(dirname(fileURLToPath(import.meta.url)), 'apps', 'cluster-manager', 'src', 'page');

/** One file of sources, with all that it imports, as text. */
async function bundled(entry, options) {
  const { outputFiles } = await build({
    ...{ entryPoints: [join(page, entry)], bundle: true, write: false, target: 'es2022', charset: 'utf8' },
    ...{ legalComments: 'none', logLevel: 'warning', ...options },
  });
  return outputFiles[0].text;
}

/** The document, ready to be sent. */
export async function buildPage() {
  const [script, source] = await Promise.all([
    bundled('browser/main.ts', { platform: 'browser', format: 'iife', minify: true }),
    bundled('document.ts', { platform: 'neutral', format: 'esm' }),
  ]);
  const { pageDocument } = await import(`data:text/javascript;base64,${Buffer.from(source).toString('base64')}`);
  return pageDocument(script);
}
