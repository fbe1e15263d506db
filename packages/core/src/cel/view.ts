import { type Event, isEvent } from '../event/event.ts'
import { peekData } from '../event/record.ts'
import { type CelType, isEventType } from './types.ts'

// The last event's view: rules that are tried one after the other on one event share it.
let viewed: Event | undefined
let lastView: Record<string, unknown> = {}

/** The event as a plain object, so that reading its data neither decodes it needlessly nor counts as taking it. */
export function viewEvent(event: Event, data: boolean): Record<string, unknown> {
  if (viewed !== event) {
    lastView = {}
    for (const name of Object.keys(event)) {
      if (name !== 'data') lastView[name] = (event as unknown as Record<string, unknown>)[name]
    }
    viewed = event
  }
  if (data && !('data' in lastView)) {
    const decoded = peekData(event)
    if (decoded !== undefined) lastView['data'] = decoded
  }
  return lastView
}

export type View = (value: unknown) => unknown

const same: View = (value) => value

/** Makes views of the events that values of a type have in them: failures do, results of joins, and batches. */
export function viewOf(type: CelType): View {
  if (isEventType(type)) return (value) => (isEvent(value) ? { ...viewEvent(value, true) } : value)
  if (typeof type === 'string') return same
  if ('list' in type) {
    const item = viewOf(type.list)
    return item === same ? same : (value) => (Array.isArray(value) ? value.map(item) : value)
  }
  const parts = Object.entries(type.fields)
    .map(([name, inner]) => [name, viewOf(inner)] as const)
    .filter(([, view]) => view !== same)
  if (parts.length === 0) return same
  return (value) => {
    if (typeof value !== 'object' || value === null) return value
    const copy: Record<string, unknown> = { ...value }
    for (const [name, view] of parts) if (name in copy) copy[name] = view(copy[name])
    return copy
  }
}

/** The same where nothing is known of a value: of the events that stand right in it. */
export function viewAny(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  let copy: Record<string, unknown> | undefined
  for (const [name, part] of Object.entries(value)) {
    if (isEvent(part)) (copy ??= { ...value })[name] = { ...viewEvent(part, true) }
  }
  return copy ?? value
}
