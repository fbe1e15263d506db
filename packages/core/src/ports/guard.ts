/**
 * The Guard port: every way in and out asks it. Open by default; the catalog's grants and quotas fill it in.
 *
 * @module
 */

/** Who is asking. */
export interface Principal {
  /** `anonymous` where nobody was authenticated. */
  readonly name: string
  readonly team?: string
}

export type Action = 'publish' | 'read' | 'describe' | 'create' | 'alter' | 'delete' | 'operate'

export interface Resource {
  readonly type: 'topic' | 'subscription' | 'schedule' | 'topology' | 'webhook' | 'system'
  readonly name: string
}

/** What something costs, to be counted against a quota. */
export interface Cost {
  readonly events: number
  readonly bytes: number
}

export type Decision = { readonly allow: true } | { readonly allow: false; readonly reason: string }
export type QuotaDecision =
  | { readonly allow: true }
  | { readonly allow: false; readonly reason: string; readonly retryAfterMs: number }

/** Asked once a request, before anything is done; may be asynchronous, and is on the hot path. */
export interface Guard {
  authorize(principal: Principal, action: Action, resource: Resource): Decision | Promise<Decision>
  /** Takes `cost` from the principal's quota for `resource`, or refuses. */
  quota(principal: Principal, cost: Cost, resource: Resource): QuotaDecision | Promise<QuotaDecision>
}

const allowed = { allow: true } as const

/** Allows everything. */
export const openGuard: Guard = { authorize: () => allowed, quota: () => allowed }

export const anonymous: Principal = { name: 'anonymous' }
