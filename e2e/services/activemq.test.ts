import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { startActiveMq } from '../../tools/services/activemq/activemq.ts'
import { jars } from '../../tools/services/jars.ts'
import { groupLives } from '../../tools/services/process-group.ts'
import { servicesAvailable } from '../../tools/services/toolchain.ts'

/** Connects and logs in; `ask` sends a frame and resolves with the next frame that comes. */
async function stomp(address: string) {
  const [host, port] = address.split(':')
  const socket = connect({ host: host!, port: Number(port) })
  const ask = async (frame: string): Promise<string> => {
    socket.write(`${frame}\0`)
    return nextFrame(socket)
  }
  expect(await ask('CONNECT\naccept-version:1.2\nhost:localhost\n\n')).toMatch(/^CONNECTED\n/)
  return { ask, socket }
}

async function nextFrame(socket: Socket): Promise<string> {
  let received = ''
  while (!received.includes('\0')) received += String((await once(socket, 'data'))[0])
  return received.slice(0, received.indexOf('\0'))
}

describe.runIf(servicesAvailable('activemq'))('ActiveMQ', () => {
  beforeAll(() => jars('activemq'), 600_000)

  test('a message with a receipt survives a kill of the broker', async () => {
    await using activemq = await startActiveMq()
    const sender = await stomp(activemq.stomp)
    const send = 'SEND\ndestination:/queue/orders\npersistent:true\nreceipt:r1\n\nfirst light'
    expect(await sender.ask(send)).toMatch(/^RECEIPT\nreceipt-id:r1\n/)
    const closed = once(sender.socket, 'close')
    await activemq.kill()
    await closed

    await activemq.restart()
    const receiver = await stomp(activemq.stomp)
    expect(await receiver.ask('SUBSCRIBE\nid:1\ndestination:/queue/orders\nack:auto\n\n')).toMatch(
      /^MESSAGE\n[^]*\n\nfirst light$/,
    )
    receiver.socket.destroy()
  })

  test('it takes messages for later', async () => {
    await using activemq = await startActiveMq()
    const { ask, socket } = await stomp(activemq.stomp)
    await ask('SUBSCRIBE\nid:1\ndestination:/queue/times\nack:auto\nreceipt:s\n\n')
    const send = (delay: number, body: string): string =>
      `SEND\ndestination:/queue/times\nAMQ_SCHEDULED_DELAY:${delay}\n\n${body}\0`
    socket.write(send(2_000, 'later'))
    socket.write('SEND\ndestination:/queue/times\n\nnow\0')
    expect(await nextFrame(socket)).toMatch(/\n\nnow$/)
    expect(await nextFrame(socket)).toMatch(/\n\nlater$/)
    socket.destroy()
  })

  test('it ends with the process that started it, even when that is killed', async () => {
    const owner = spawn(process.execPath, [fileURLToPath(new URL('owner.ts', import.meta.url))], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const [line] = (await once(owner.stdout, 'data')) as [Buffer]
    const { address, broker, data } = JSON.parse(String(line)) as {
      address: string
      broker: number
      data: string
    }
    const { socket } = await stomp(address)
    expect(groupLives(broker)).toBe(true)
    expect(existsSync(data)).toBe(true)

    const closed = once(socket, 'close')
    owner.kill('SIGKILL')
    await closed
    // The guard deletes first, so that no data outlives the process whose connection has closed.
    expect(existsSync(data)).toBe(false)
  })
})
