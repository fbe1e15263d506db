export * from './channels.ts'
export { type HttpGateway, type ListenOptions, createHttpGateway } from './gateway.ts'
export {
  type GatewayLogPort,
  type HttpGatewayOptions,
  type HttpLimits,
  type Readiness,
  type SocketProtocol,
  defaultLimits,
} from './options.ts'
export { type Problem, problemOf } from './problem.ts'
export type {
  ExtraAnswer,
  ExtraRequest,
  ExtraRoute,
  Method,
  Operation,
  Params,
  Query,
} from './routes/route.ts'
export type { WebhookOptions } from './webhooks/webhook.ts'
