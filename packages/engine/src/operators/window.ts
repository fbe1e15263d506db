import type { OperatorFactory } from './operator.ts'
import { globalWindow } from './window-global.ts'
import { hoppingWindow } from './window-hopping.ts'
import { sessionWindow } from './window-session.ts'
import { slidingWindow } from './window-sliding.ts'

const kinds: Readonly<Record<string, OperatorFactory>> = {
  hopping: hoppingWindow,
  session: sessionWindow,
  sliding: slidingWindow,
  global: globalWindow,
}

/** Gathers the elements of each key in windows, of the kind that the component's config names. */
export const windowOperator: OperatorFactory = (component, code, topology) =>
  kinds[component.config['kind'] as string]!(component, code, topology)
