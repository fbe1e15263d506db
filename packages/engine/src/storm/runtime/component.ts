/**
 * What Storm starts for each task, as a file of its own: so small that it answers at once.
 *
 * @module
 */
import { speakWithStorm } from './protocol-thread.ts'

speakWithStorm(new URL('code.mjs', import.meta.url))
