import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cached } from '../lib/cache.ts'
import { must } from '../lib/peer.ts'

const folder = fileURLToPath(new URL('benthos', import.meta.url))
const files = ['main.go', 'go.mod', 'go.sum', 'period/period.go'].map((file) => join(folder, file))

/**
 * The program, built by Go: the first time takes some minutes.
 * @throws when there is no Go, or it cannot get what Benthos is made of.
 */
export async function benthos(): Promise<string> {
  const built = await cached('benthos', { files }, (into) =>
    must('go', ['build', '-o', join(into, 'benthos'), '.'], { cwd: folder }),
  )
  return join(built, 'benthos')
}

/** Routes the lines of a file into files of a folder; resolves, with the milliseconds that it took, when it is done. */
export async function routeWithBenthos(program: string, input: string, output: string): Promise<number> {
  const began = performance.now()
  await must(program, ['-c', join(folder, 'routes.yaml')], {
    cwd: folder,
    environment: { IN: input, OUT: output },
  })
  return performance.now() - began
}
