import { setFlagsFromString } from 'node:v8'

/**
 * Two things of V8 that containment cannot live with, seen with Node 24.21, are left out, for the whole process. What is compiled
 * later counts; a V8 that does not know a flag ignores it.
 *
 * - Where it unrolls loops, a loop that fills an array in its body (`for (;;) kept.push(Array(1000).fill(0))`) loses the check for
 *   being interrupted: neither `terminate()` nor the limit of the heap ends its thread then.
 * - Wrappers for calls from WebAssembly are shared by all threads. When one is compiled anew, after a thousand calls, while other
 *   threads begin and end, the process now and then ends with a segmentation fault in `Runtime_TierUpWasmToJSWrapper`. Each thread
 *   that loads TypeScript makes such calls, to have the types taken off; so they are never compiled anew.
 */
export function setFlagsForThreads(): void {
  setFlagsFromString('--no-turboshaft-loop-unrolling')
  setFlagsFromString('--wasm-wrapper-tiering-budget=2147483647')
}
