import { type ErrorCode, HeddleError } from '@heddle/core'

const codes: Readonly<Record<string, ErrorCode>> = {
  AlreadyAliveException: 'HEDDLE_ENGINE_TOPOLOGY_EXISTS',
  NotAliveException: 'HEDDLE_ENGINE_UNKNOWN_TOPOLOGY',
  InvalidTopologyException: 'HEDDLE_ENGINE_REFUSED',
  AuthorizationException: 'HEDDLE_FORBIDDEN',
}

/**
 * An exception that a method of Nimbus declares, as one of ours: HEDDLE_ENGINE_TOPOLOGY_EXISTS, HEDDLE_ENGINE_UNKNOWN_TOPOLOGY,
 * HEDDLE_ENGINE_REFUSED for a topology that it takes for invalid, HEDDLE_FORBIDDEN.
 */
export const nimbusError = (exception: string, message: string): HeddleError =>
  new HeddleError(codes[exception] ?? 'HEDDLE_ENGINE_UNAVAILABLE', `Nimbus says: ${message}`, {
    info: { exception },
  })
