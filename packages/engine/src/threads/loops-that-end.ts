import { setFlagsFromString } from 'node:v8'

/**
 * Makes it possible to end a thread in any loop. Where V8 unrolls loops, a loop that fills an array in its body
 * (`for (;;) kept.push(Array(1000).fill(0))`) loses the check for being interrupted: `terminate()` and the limit of the heap do
 * nothing to it then, seen with Node 24.21. So that step is left out, for the whole process; what is compiled later counts. A V8
 * that does not know the flag ignores it.
 */
export function makeLoopsEnd(): void {
  setFlagsFromString('--no-turboshaft-loop-unrolling')
}
