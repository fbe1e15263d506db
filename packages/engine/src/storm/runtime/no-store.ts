import type { Store } from '@heddle/core'

/** The store of a component that keeps nothing. */
export const noStore: Store = {
  name: 'none',
  get: () => undefined,
  entries: () => [],
  size: () => 0,
}
