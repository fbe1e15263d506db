import { type Clock, HeddleError, isHeddleError } from '@heddle/core'
import type { RawData, WebSocket } from 'ws'
import { streamChannel } from '../http/channels.ts'
import type { GatewayContext } from '../http/context.ts'
import { type Problem, problemOf } from '../http/problem.ts'
import { type Followed, stoppingError } from '../http/read/stream.ts'

/** The other side of a WebSocket: is sent to no faster than it takes, and is known to be alive. */
export class Peer {
  readonly socket: WebSocket
  /** Aborted when it has gone, or the gateway stops. */
  readonly signal: AbortSignal
  readonly #clock: Clock
  readonly #limits: GatewayContext['limits']
  readonly #gone = new AbortController()
  /** Pings that were not answered. */
  #unanswered = 0
  #closeCode: number | undefined

  constructor({ clock, limits, stopping }: GatewayContext, socket: WebSocket) {
    this.socket = socket
    this.#clock = clock
    this.#limits = limits
    this.signal = AbortSignal.any([this.#gone.signal, stopping])
    socket.on('close', (code) => {
      this.#closeCode = code
      this.#gone.abort()
    })
    // A broken frame or a reset; 'close' follows.
    socket.on('error', () => this.#gone.abort())
    socket.on('pong', () => (this.#unanswered = 0))
  }

  /** It said that it goes, and that all is well (RFC 6455 § 7.4.1: 1000, and 1001 of a page that is left). */
  get wentWell(): boolean {
    return this.#closeCode === 1000 || this.#closeCode === 1001
  }

  /** Calls `take` with each message; what that throws is told to the other side, with the `ref` of the message. */
  receive(take: (bytes: Buffer) => void): void {
    this.socket.on('message', (data: RawData, isBinary) => {
      try {
        if (isBinary) throw new HeddleError('HEDDLE_HTTP_BAD_REQUEST', 'messages are text')
        take(data as Buffer)
      } catch (error) {
        this.refuse(isHeddleError(error) ? error.info['ref'] : undefined, error)
      }
    })
  }

  /** Sends, for whom the next `send` waits too. */
  post(text: string): void {
    // That it has gone, 'close' says.
    this.socket.send(text, () => {})
  }

  /**
   * Sends; resolves when the network has taken it.
   * @throws HEDDLE_HTTP_READER_STALLED
   */
  send(text: string): Promise<void> {
    const { stallMs } = this.#limits
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(stallMs, () =>
        reject(new HeddleError('HEDDLE_HTTP_READER_STALLED', `nothing was taken for ${stallMs} ms`)),
      )
      // An error means that it has gone; 'close' says so too.
      this.socket.send(text, () => {
        timer.clear()
        resolve()
      })
    })
  }

  refuse(ref: unknown, error: unknown): void {
    this.post(
      `{"type":"refused","ref":${JSON.stringify(ref ?? null)},"error":${JSON.stringify(problemOf(error))}}`,
    )
  }

  /** Pings, so that a peer that vanished without a word is noticed: two unanswered ones end it. */
  heartbeats(): { clear(): void } {
    const { heartbeatMs } = this.#limits
    const clock = this.#clock
    let timer = clock.after(heartbeatMs, beat)
    const ping = (): void => this.#ping()
    function beat(): void {
      ping()
      timer = clock.after(heartbeatMs, beat)
    }
    return { clear: () => timer.clear() }
  }

  /** Says why, when there is a reason, and closes; cuts off a peer that does not answer. */
  close(problem: Problem | undefined): void {
    if (problem) this.post(`{"type":"closing","error":${JSON.stringify(problem)}}`)
    this.socket.close(closeCode(problem), problem?.code)
    const timer = this.#clock.after(this.#limits.stallMs, () => this.socket.terminate())
    this.socket.on('close', () => timer.clear())
  }

  #ping(): void {
    if (++this.#unanswered > 2) this.socket.terminate()
    else if (this.socket.readyState === this.socket.OPEN) this.socket.ping()
  }
}

/** Has `run` serve the peer, and ends the connection with the reason, if there is one. Does not throw. */
export async function servePeer(
  { load, stopping }: GatewayContext,
  peer: Peer,
  followed: Followed,
  run: () => Promise<void>,
): Promise<void> {
  if (streamChannel.hasSubscribers)
    streamChannel.publish({ ...followed, form: 'websocket', state: 'opened', open: load.streams })
  let problem: Problem | undefined
  const beat = peer.heartbeats()
  try {
    await run()
  } catch (error) {
    problem = problemOf(error)
  } finally {
    beat.clear()
  }
  if (stopping.aborted) problem ??= problemOf(stoppingError(followed))
  peer.close(problem)
  load.streams--
  if (streamChannel.hasSubscribers) {
    streamChannel.publish({
      ...followed,
      form: 'websocket',
      state: 'closed',
      reason: problem?.code ?? 'gone',
      open: load.streams,
    })
  }
}

/** RFC 6455 § 7.4.1, and 1013 of its registry: try again later. */
function closeCode(problem: Problem | undefined): number {
  if (!problem) return 1000
  if (problem.code === 'HEDDLE_HTTP_UNAVAILABLE') return 1001
  return problem.code === 'HEDDLE_HTTP_READER_STALLED' ? 1013 : 1011
}
