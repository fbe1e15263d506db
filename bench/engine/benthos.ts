import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from '../../tools/run.ts'

const folder = fileURLToPath(new URL('benthos', import.meta.url))

/** The program, built by Go once for this clone: the first time takes some minutes. */
export async function benthos(): Promise<string> {
  const hash = createHash('sha256')
  for (const file of ['main.go', 'go.mod', 'go.sum', 'period/period.go'])
    hash.update(readFileSync(join(folder, file)))
  const program = join(root, '.cache', 'bench', `benthos-${hash.digest('hex').slice(0, 12)}`)
  if (existsSync(program)) return program
  process.stderr.write('bench: building Benthos with Go, once for this clone\n')
  mkdirSync(join(root, '.cache', 'bench'), { recursive: true })
  await must('go', ['build', '-o', `${program}.making`, '.'], {}, folder)
  renameSync(`${program}.making`, program)
  return program
}

/** Routes the lines of a file into files of a folder; resolves, with the milliseconds that it took, when it is done. */
export async function routeWithBenthos(program: string, input: string, output: string): Promise<number> {
  const began = performance.now()
  await must(program, ['-c', join(folder, 'routes.yaml')], { IN: input, OUT: output }, folder)
  return performance.now() - began
}

function must(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  cwd: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (said += String(chunk)))
    child.on('error', (error) => reject(new Error(`cannot run ${command}: ${error.message}`)))
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}:\n${said}`)),
    )
  })
}
