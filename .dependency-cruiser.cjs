// The direction of the house: base ← ipam, wg, iproute, cni, pki ← api, store ← apps. Apps never import apps.
/** Tests, and the folders that hold what they share. */
const tests = '(\\.test\\.ts$|/src/testing/)';
const lib = (names) => `^libs/(${names})/`;
module.exports = {
  forbidden: [
    // The package that esbuild.mjs imports is taken for the file itself.
    { name: 'no-circular', severity: 'error', from: { pathNot: '^esbuild\\.mjs$' }, to: { circular: true } },
    {
      name: 'apps-are-islands',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    { name: 'libs-know-no-app', severity: 'error', from: { path: '^libs/' }, to: { path: '^apps/' } },
    { name: 'base-is-the-ground', severity: 'error', from: { path: lib('base') }, to: { path: '^libs/(?!base/)' } },
    {
      name: 'ipam-above-base-only',
      severity: 'error',
      from: { path: lib('ipam') },
      to: { path: '^libs/(?!base/|ipam/)' },
    },
    {
      name: 'pki-above-base-only',
      severity: 'error',
      from: { path: lib('pki'), pathNot: '\\.test\\.ts$' },
      to: { path: '^libs/(?!base/|pki/)' },
    },
    {
      name: 'middle-libs',
      severity: 'error',
      from: { path: lib('wg|iproute|api|cni'), pathNot: '\\.test\\.ts$' },
      to: { path: '^libs/(?!base/|ipam/|wg/|iproute/|api/|cni/|pki/)' },
    },
    {
      name: 'pki-for-rest-only',
      severity: 'error',
      from: { path: lib('wg|iproute|cni|ipam') },
      to: { path: lib('pki') },
    },
    {
      name: 'wg-iproute-apart',
      severity: 'error',
      from: { path: lib('iproute|cni|ipam|api') },
      to: { path: lib('wg') },
    },
    {
      name: 'store-above-base',
      severity: 'error',
      from: { path: lib('store'), pathNot: '\\.test\\.ts$' },
      to: { path: '^libs/(?!base/|store/)' },
    },
    {
      name: 'testing-only-in-tests',
      severity: 'error',
      from: { path: '^(apps/(?!lab/|e2e/)|libs/(?!testing/))', pathNot: tests },
      to: { path: lib('testing') },
    },
    {
      name: 'testing-folders-only-in-tests',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: tests },
      to: { path: '/src/testing/' },
    },
    {
      name: 'pure-ipam',
      severity: 'error',
      from: { path: '^libs/ipam/src/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pure-cni',
      severity: 'error',
      from: { path: '^libs/cni/src/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'only-adapters-start-processes',
      severity: 'error',
      from: { path: '^(libs/(?!testing/|iproute/|wg/)|apps/(?!lab/|e2e/))', pathNot: tests },
      to: { path: '(^|/)(child_process|execa)(/|$)' },
    },
    {
      name: 'pictures-for-browsers-too',
      severity: 'error',
      from: { path: '^libs/api/src/picture/', pathNot: tests },
      // What has a path of its own in its package imports nothing.
      to: {
        pathNot: '^(libs/api/src/picture/|libs/base/src/plain-text\\.ts$)',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'page-is-of-pictures',
      severity: 'error',
      from: { path: '^apps/cluster-manager/src/page/(view|browser)/', pathNot: tests },
      to: {
        pathNot: '^(apps/cluster-manager/src/page/(view|browser)|libs/api/src/picture)/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'fastify-at-the-edge',
      severity: 'error',
      from: {
        path: '^(apps|libs)/',
        pathNot: '^(apps/(cluster-manager|node-manager)/src/(app|routes/.*|.*\\.test)\\.ts$|libs/api/src/server/)',
      },
      to: { path: 'node_modules/(fastify|@fastify)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
