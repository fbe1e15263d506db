/** Records of one round. */
export const records = 50_000
export const batchRecords = 500
export const recordBytes = 1024

export type Batch = readonly { readonly key: string; readonly value: Buffer }[]

/** Random bytes, so that nothing can be had by compression. */
const values = Array.from({ length: batchRecords }, () => {
  const value = Buffer.alloc(recordBytes)
  crypto.getRandomValues(value)
  return value
})

/** Keys, as most records have them: they choose the partition. */
export const batch: Batch = values.map((value, n) => ({ key: `customer-${n}`, value }))
