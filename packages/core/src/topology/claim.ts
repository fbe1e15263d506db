/**
 * Where payloads lie while a claim travels in their place. `put` is called again with the same id and text after a crash, and
 * must have the text for good when it resolves.
 */
export interface ClaimStore {
  /** @param text JSON. */
  put(id: string, text: string): Promise<void>
  /** `undefined` when there is none. */
  get(id: string): Promise<string | undefined>
}

/** Stands for an element that lies in a store. It is JSON, so that it can cross topics. */
export interface Claim<V, K> {
  /** The id of what lies there; the same whenever it is made again. */
  readonly claim: string
  /** What the next steps need to know of the element. */
  readonly kept: K
  /** What `checkOut` gives; only for the type checker. */
  readonly gives?: () => V
}
