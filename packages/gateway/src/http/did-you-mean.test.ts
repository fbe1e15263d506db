import { expect, test } from 'vitest'
import { didYouMean } from './did-you-mean.ts'

test.each([
  ['ordres', 'orders'],
  ['Orders', 'orders'],
  ['github.webhook', 'github.webhooks'],
  ['zzz', undefined],
  ['', undefined],
])('%s: %s', (wanted, meant) => {
  expect(didYouMean(wanted, ['orders', 'payments', 'github.webhooks'])).toBe(meant)
})
