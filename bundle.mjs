// Bundles one app into apps/<name>/dist/<name>.cjs: a single file that needs nothing but Node on the target machine.
import { chmodSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import protobuf from 'protobufjs';
import { buildPage } from './bundle-page.mjs';

const root = dirname(fileURLToPath(import.meta.url));
const name = process.argv[2];
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const app = join(root, 'apps', name);
const outfile = join(app, 'dist', `${name}.cjs`);

/** etcd3 reads its protocol from a file beside its source, which a bundle has not got: the protocol goes into the bundle. */
const etcdProtocol = {
  name: 'etcd-protocol',
  setup({ onLoad }) {
    onLoad({ filter: /etcd3\/lib\/connection-pool\.js$/ }, ({ path }) => {
      const protocol = new protobuf.Root().loadSync(join(dirname(path), '../proto/rpc.proto'), { keepCase: true });
      const source = readFileSync(path, 'utf8');
      const call = /\.loadSync\)\(`\$\{__dirname\}\/\.\.\/proto\/rpc\.proto`,/;
      if (!call.test(source)) throw new Error(`${path} does not load its protocol as it did: see bundle.mjs`);
      return { contents: source.replace(call, () => `.fromJSON)(${JSON.stringify(protocol.toJSON())},`), loader: 'js' };
    });
  },
};

await build({
  entryPoints: [join(app, 'src', 'main.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  minifySyntax: true,
  legalComments: 'none',
  define: {
    __WGCNI_VERSION__: JSON.stringify(version),
    ...(name === 'cluster-manager' ? { __WGCNI_PAGE__: JSON.stringify(await buildPage()) } : {}),
  },
  banner: { js: '#!/usr/bin/env node' },
  logLevel: 'warning',
  plugins: [etcdProtocol],
});
chmodSync(outfile, 0o755);
