import {
  type Claim,
  type ClaimStore,
  type ComponentCode,
  type PlanComponent,
  isEvent,
  parseStructured,
  toStructured,
} from '@heddle/core'
import { type OperatorFactory, roleOf } from './operator.ts'

/** What lies in the store, as JSON. */
interface Deposit {
  readonly value: unknown
  /** `value` is an event, as CloudEvents JSON. */
  readonly event?: true
}

/** Puts each element into a store, and emits what stands for it. */
export const checkInOperator: OperatorFactory = (component, code) => {
  const store = storeOf(component, code)
  const keep = roleOf<(value: unknown) => unknown>(component, code, 'keep')
  return {
    async execute(tuple, out) {
      const { value } = tuple.values
      const claim = tuple.derivedId(component.id)
      const kept = keep(value)
      const deposit: Deposit = isEvent(value) ? { value: toStructured(value), event: true } : { value }
      await store.put(claim, JSON.stringify(deposit))
      out.emit({ value: { claim, kept } satisfies Claim<unknown, unknown> })
    },
  }
}

/** Emits what a claim stands for. */
export const checkOutOperator: OperatorFactory = (component, code) => {
  const store = storeOf(component, code)
  return {
    async execute({ values }, out) {
      const { claim } = values['value'] as Claim<unknown, unknown>
      const text = await store.get(claim)
      if (text === undefined) throw new RangeError(`the store of '${component.id}' has no '${claim}'`)
      const { value, event } = JSON.parse(text) as Deposit
      out.emit({ value: event ? parseStructured(value) : value })
    },
  }
}

function storeOf(component: PlanComponent, code: ComponentCode): ClaimStore {
  const store = code['store'] as Partial<ClaimStore> | undefined
  if (typeof store?.put === 'function' && typeof store.get === 'function') return store as ClaimStore
  throw new TypeError(`'${component.id}' (${component.operator}) has no store with put and get`)
}
