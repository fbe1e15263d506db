import type { Consumer, Delivery, Principal } from '@heddle/core'
import type { WebSocket } from 'ws'
import type { GatewayContext } from '../http/context.ts'
import { throttle } from '../http/read/throttle.ts'
import { itemJson } from '../http/subscriptions/item-json.ts'
import { nextEvents } from '../http/subscriptions/next-events.ts'
import { Peer, servePeer } from './peer.ts'
import { type SettleMessage, readSettleMessage } from './subscription-messages.ts'

/** Who takes events of which subscription, as the upgrade was admitted. */
export interface SocketConsumer {
  readonly name: string
  readonly principal: Principal
  readonly delivery: Delivery
  /** Most events that are not settled. */
  readonly prefetch: number
}

/** Gives out events of a subscription, and takes settlements in, until the socket is closed. Does not throw. */
export async function serveSubscription(
  context: GatewayContext,
  webSocket: WebSocket,
  taking: SocketConsumer,
): Promise<void> {
  const peer = new Peer(context, webSocket)
  const { delivery, name, prefetch } = taking
  peer.receive((bytes) => void settle(peer, delivery, name, readSettleMessage(bytes)))
  let consumer: Consumer | undefined
  await servePeer(context, peer, { subscription: name }, async () => {
    consumer = await delivery.consumer(name, { prefetch })
    await give(context, peer, taking, consumer)
  })
  // One that went away without a word may have broken on what it had longest.
  await consumer?.close({ clean: context.stopping.aborted || peer.wentWell })
}

async function give(
  { access, clock, limits }: GatewayContext,
  peer: Peer,
  { delivery, name, prefetch, principal }: SocketConsumer,
  consumer: Consumer,
): Promise<void> {
  const { signal } = peer
  const resource = { type: 'subscription', name } as const
  await peer.send('{"type":"open"}')
  while (!signal.aborted) {
    const options = { max: prefetch, waitMs: limits.heartbeatMs, signal }
    const given = await nextEvents({ clock, consumer, delivery, name }, options)
    const texts = given.map((one) => `{"type":"event",${itemJson(one).slice(1)}`)
    if (texts.length > 0) {
      const bytes = texts.reduce((sum, text) => sum + text.length, 0)
      await throttle(access, principal, { events: texts.length, bytes }, resource, clock, signal)
    }
    if (signal.aborted) return
    const last = texts.pop() ?? '{"type":"heartbeat"}'
    // The network takes them in order: when it has the last, it has all.
    for (const text of texts) peer.post(text)
    await peer.send(last)
  }
}

async function settle(
  peer: Peer,
  delivery: Delivery,
  name: string,
  { ref, settlements }: SettleMessage,
): Promise<void> {
  try {
    const lost = await delivery.settle(name, settlements)
    peer.post(`{"type":"settled","ref":${JSON.stringify(ref ?? null)},"lost":${JSON.stringify(lost)}}`)
  } catch (error) {
    peer.refuse(ref, error)
  }
}
