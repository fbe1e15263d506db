export { type Client, type PublishResult, createClient } from './client.ts'
export { ClientError, type Problem } from './client-error.ts'
export type { DurableSubscription, PullOptions } from './durable-subscription.ts'
export type {
  Place,
  SubscriptionChanges,
  SubscriptionInfo,
  SubscriptionSettings,
  SubscriptionStatus,
} from './durable-types.ts'
export type { Event, EventInit } from './event.ts'
export type { Job, NackOptions } from './job.ts'
export type { ClientOptions } from './options.ts'
export type { Published } from './publisher.ts'
export type { RequestOptions } from './request.ts'
export type { RetryOptions } from './retry.ts'
export type { Schedule, ScheduleDetails, Schedules } from './schedules.ts'
export type { Received, SubscribeOptions } from './subscription.ts'
export type { WorkOptions } from './work.ts'
