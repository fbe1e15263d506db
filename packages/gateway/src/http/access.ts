/**
 * Who may do what: the one place that asks `authenticate` and the Guard.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import {
  type Action,
  type Cost,
  type Guard,
  HeddleError,
  type Principal,
  type QuotaDecision,
  type Resource,
  anonymous,
  errorMessage,
  isHeddleError,
  openGuard,
} from '@heddle/core'

const free: Cost = { events: 0, bytes: 0 }

export class Access {
  /** Nobody is asked: every route can leave the checks out. */
  readonly open: boolean
  readonly #guard: Guard
  readonly #authenticate: ((request: IncomingMessage) => Principal | Promise<Principal>) | undefined

  constructor(
    guard: Guard | undefined,
    authenticate: ((request: IncomingMessage) => Principal | Promise<Principal>) | undefined,
  ) {
    this.#guard = guard ?? openGuard
    this.#authenticate = authenticate
    this.open = this.#guard === openGuard && authenticate === undefined
  }

  /**
   * Who is asking, once it is known that they may.
   * @throws HEDDLE_UNAUTHENTICATED, HEDDLE_FORBIDDEN, HEDDLE_QUOTA_EXCEEDED (nothing is left of the quota)
   */
  async enter(request: IncomingMessage, action: Action, resource: Resource): Promise<Principal> {
    const principal = await this.#who(request)
    await this.allow(principal, action, resource)
    // Costs nothing, so it is refused only when nothing is left: what is really used is charged when it is known.
    await this.charge(principal, free, resource)
    return principal
  }

  /** @throws HEDDLE_FORBIDDEN */
  async allow(principal: Principal, action: Action, resource: Resource): Promise<void> {
    const decision = await this.#guard.authorize(principal, action, resource)
    if (decision.allow) return
    throw new HeddleError(
      'HEDDLE_FORBIDDEN',
      `${principal.name} may not ${action} ${resource.type} '${resource.name}': ${decision.reason}`,
    )
  }

  /**
   * Takes the cost from the quota. Synchronous, `undefined`, when the guard is.
   * @throws HEDDLE_QUOTA_EXCEEDED, with `retryAfterMs` in its info
   */
  charge(principal: Principal, cost: Cost, resource: Resource): Promise<void> | undefined {
    if (this.open) return undefined
    const decision = this.#guard.quota(principal, cost, resource)
    if (decision instanceof Promise) return decision.then(within)
    within(decision)
    return undefined
  }

  async #who(request: IncomingMessage): Promise<Principal> {
    if (!this.#authenticate) return anonymous
    try {
      return await this.#authenticate(request)
    } catch (error) {
      if (isHeddleError(error)) throw error
      throw new HeddleError('HEDDLE_UNAUTHENTICATED', errorMessage(error), { cause: error })
    }
  }
}

function within(decision: QuotaDecision): void {
  if (decision.allow) return
  throw new HeddleError('HEDDLE_QUOTA_EXCEEDED', decision.reason, {
    info: { retryAfterMs: decision.retryAfterMs },
  })
}
