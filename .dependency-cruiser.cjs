// The hall rule, on resolved paths: every room opens onto the hall (core) and onto no other room; only the house
// (heddle) holds all the keys. See ARCHITECTURE.md. Types count as imports: they couple rooms all the same.

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'the-hall-imports-no-room',
      severity: 'error',
      from: { path: '^packages/core/' },
      to: { path: '^packages/(?!core/)' },
    },
    {
      name: 'the-hall-runs-anywhere',
      comment: 'Browsers load core too: it has no node: imports. Its tests may.',
      severity: 'error',
      from: { path: '^packages/core/src/', pathNot: '[.]test(-d)?[.]ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'a-room-opens-onto-the-hall-only',
      comment: 'Tests of the engine and of delivery run them on a real log, or in a test fabric.',
      severity: 'error',
      from: {
        path: '^packages/(?!core/|heddle/)([^/]+)/',
        pathNot: '^packages/(engine|delivery)/src/.+[.](test|fixture)[.]ts$',
      },
      to: { path: '^packages/', pathNot: '^packages/($1|core)/' },
    },
    {
      name: 'a-test-on-a-log-opens-onto-the-log-and-the-house',
      severity: 'error',
      from: { path: '^packages/(engine|delivery)/src/.+[.](test|fixture)[.]ts$' },
      to: { path: '^packages/', pathNot: '^packages/($1|core|log|heddle)/' },
    },
    {
      name: 'through-the-door',
      comment: 'Another package is imported by its name, so that it opens only what its exports do.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/', pathNot: '^packages/$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'no-cycles',
      comment: 'Types may speak of each other; what is loaded may not wait for itself.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'found',
      comment: 'Every import leads somewhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'tests-are-not-imported',
      severity: 'error',
      from: { pathNot: '[.]test(-d)?[.]ts$' },
      to: { path: '[.]test(-d)?[.]ts$' },
    },
  ],
  options: {
    // Sources only: what is built is made from them.
    exclude: { path: '(^|/)(dist|node_modules)/' },
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@heddle/source', 'node', 'import', 'types', 'default'],
      extensions: ['.ts', '.d.ts', '.js', '.mjs', '.cjs'],
    },
  },
}
