import { type Clock, type Consumer, type Delivered, type Delivery, HeddleError } from '@heddle/core'

/** Events that a stream has and that are not settled, when nothing is said. */
export const defaultPrefetch = 10

/**
 * The next events of a stream; none when the wait is over, or the signal says so.
 * @throws HEDDLE_SUBSCRIPTION_UNKNOWN when it was deleted meanwhile.
 */
export async function nextEvents(
  {
    clock,
    consumer,
    delivery,
    name,
  }: {
    readonly clock: Clock
    readonly consumer: Consumer
    readonly delivery: Delivery
    readonly name: string
  },
  options: { readonly max: number; readonly waitMs: number; readonly signal: AbortSignal },
): Promise<readonly Delivered[]> {
  const began = clock.now()
  const given = await consumer.receive(options)
  const early = clock.now() - began < options.waitMs / 2
  if (given.length > 0 || !early || options.signal.aborted) return given
  // Nobody can take part in it any more, as it was.
  await delivery.describe(name)
  throw new HeddleError('HEDDLE_HTTP_UNAVAILABLE', 'the subscription was made anew: connect again')
}
