const rounds = 450_000

/** Needs a processor for some 1 ms. Operations on whole numbers only: each of V8's compilers makes the same of them. */
export function work(seed: number): number {
  let hash = seed | 1
  for (let round = 0; round < rounds; round++) {
    hash ^= hash << 13
    hash ^= hash >>> 17
    hash ^= hash << 5
  }
  return hash
}
