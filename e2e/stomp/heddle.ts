import type { Log } from '@heddle/core'
import { createDelivery, createSchedules } from '@heddle/delivery'
import { type StompOptions, createStompServer } from '@heddle/gateway/stomp'
import { openMemoryLog } from '@heddle/log/memory'

export interface TestStomp extends AsyncDisposable {
  /** `host:port` */
  readonly stomp: string
  readonly log: Log
  /** Stops the door and comes back on the same log, as a process that was started again. */
  restart(): Promise<void>
}

/** A STOMP server of this process, on a log in memory or another one. */
export async function startHeddle(
  options: Partial<StompOptions> = {},
  open: () => Promise<Log> = openMemoryLog,
): Promise<TestStomp> {
  const log = await open()
  const start = async () => {
    const delivery = createDelivery({ log, instance: 'test' })
    const schedules = createSchedules({ log })
    const server = createStompServer({ log, delivery, schedules, instance: 'test', ...options })
    const { host, port } = await server.listen({ port: 0 })
    return { stomp: `${host}:${port}`, delivery, schedules, server }
  }
  let running = await start()
  const stop = async (): Promise<void> => {
    await running.server.close()
    await running.delivery.close()
    await running.schedules.close()
  }
  return {
    get stomp() {
      return running.stomp
    },
    log,
    async restart() {
      await stop()
      running = await start()
    },
    async [Symbol.asyncDispose]() {
      await stop()
      await log.close()
    },
  }
}
