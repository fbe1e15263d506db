import { type Event, type EventInit, event } from '../event/event.ts'

/** Extension attribute that says which request a reply belongs to. */
export const correlationAttribute = 'correlationid'

/**
 * The reply to an event that `request` has sent.
 *
 * @throws RangeError when the event is no request.
 * @example topology('prices').from(topic<Item>('price.requests')).map((e) => replyTo(e, { type: 'price', data: 12 })).to(topic('price.replies'))
 */
export function replyTo<T>(request: Event, init: EventInit<T>): Event<T> {
  const correlation = request.extensions?.[correlationAttribute]
  if (correlation === undefined)
    throw new RangeError(`event '${request.id}' is no request: it has no ${correlationAttribute}`)
  return event({
    // The same whenever it is made again.
    id: `${request.id}.reply`,
    ...(request.partitionkey !== undefined && { partitionkey: request.partitionkey }),
    ...(request.traceparent !== undefined && { traceparent: request.traceparent }),
    ...init,
    extensions: { ...init.extensions, [correlationAttribute]: correlation },
  })
}
