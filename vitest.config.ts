import { defineConfig } from 'vitest/config'
import { counts } from './tools/counts.ts'

// It warns at each run that tests of types may change with a version; ours is pinned.
process.env['VITEST_DISABLE_EXPERIMENTAL_LOG'] ??= '1'

// Sources import each other by package name; this condition makes that mean `src`, so that no test needs a build.
const fromSource = { ssr: { resolve: { conditions: ['@heddle/source', 'node', 'module'] } } }

export default defineConfig({
  test: {
    reporters: ['default', counts],
    projects: [
      {
        ...fromSource,
        test: {
          name: 'unit',
          // For what hangs: how long a test takes is the machine's business.
          testTimeout: 60_000,
          include: ['packages/*/src/**/*.test.ts', 'tools/**/*.test.ts', 'bench/lib/**/*.test.ts'],
          // One module graph for all files of a worker: a tenth of the time. A test must not leave globals changed.
          pool: 'threads',
          isolate: false,
          // Types are tested by compiling: `expectTypeOf` in *.test-d.ts beside the source.
          typecheck: {
            enabled: true,
            checker: 'tsc',
            include: ['packages/*/src/**/*.test-d.ts'],
            tsconfig: 'tsconfig.json',
            ignoreSourceErrors: true,
          },
        },
      },
      {
        ...fromSource,
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          // Real processes, killed and counted: one file at a time, so that they do not fight for the cores.
          pool: 'forks',
          sequence: { groupOrder: 1 },
          fileParallelism: false,
          // The processes that a test starts run from the sources as well.
          env: { NODE_OPTIONS: '--conditions=@heddle/source' },
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
})
