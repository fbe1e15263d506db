import type { Resource } from '@heddle/core'
import type { Params } from '../routes/route.ts'

export const subscriptionResource = (params: Params): Resource => ({
  type: 'subscription',
  name: params['subscription'] ?? '*',
})
