export * from './channels.ts'
export { createDelivery } from './delivery.ts'
export { type DeliveryOptions, type DeliverySettings, defaultSettings } from './options.ts'
export { defaultRetry, defaultSubscription } from './settings.ts'
