import type { Clock } from '@heddle/core'
import type { Access } from './access.ts'
import type { GatewayLogPort, HttpGatewayOptions, HttpLimits } from './options.ts'

/** What all routes of one gateway share. */
export interface GatewayContext {
  readonly log: GatewayLogPort
  readonly access: Access
  readonly clock: Clock
  readonly limits: HttpLimits
  readonly options: HttpGatewayOptions
  /** Aborted when the gateway stops: streams end, long polls answer. */
  readonly stopping: AbortSignal
  readonly load: Load
}

/** What is under way, counted so that it can be bounded. */
export interface Load {
  /** Bytes of publish bodies that are held. */
  bytes: number
  /** Readers that follow. */
  streams: number
}
