// A component without Storm: a test speaks with it.
import { speakWithStorm } from '../../packages/engine/src/storm/runtime/protocol-thread.ts'

speakWithStorm(new URL('component-code.ts', import.meta.url))
