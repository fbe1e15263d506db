import { writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { Client, type IMessage } from '@stomp/stompjs'
import { type Fabric, createFabric } from 'heddle'
import stompit from 'stompit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { makeAuthority } from '../../tools/services/kafka/certificates.ts'
import { temporaryFolder } from '../house/cli.ts'

/** Clients as they come from npm, against a whole host on the embedded log, with TLS and logins. */
const folder = temporaryFolder()
const authority = makeAuthority(folder.path)
let fabric: Fabric

beforeAll(async () => {
  const { cert, key } = authority.issue('stomp')
  const files = { cert: folder.at('cert.pem'), key: folder.at('key.pem') }
  writeFileSync(files.cert, cert)
  writeFileSync(files.key, key)
  fabric = await createFabric({
    data: folder.at('data'),
    http: { port: 0 },
    stomp: { port: 0, tls: files, users: { ann: 'secret' } },
  })
})
afterAll(async () => {
  await fabric.close()
  folder[Symbol.dispose]()
})

describe('stompjs, over a WebSocket', () => {
  async function connect(options: object = {}): Promise<Client> {
    const connected = Promise.withResolvers<Client>()
    const client = new Client({
      webSocketFactory: () =>
        new WebSocket(`${fabric.url.replace('http', 'ws')}/stomp`, ['v12.stomp', 'v11.stomp']),
      connectHeaders: { login: 'ann', passcode: 'secret' },
      reconnectDelay: 0,
      heartbeatIncoming: 1_000,
      heartbeatOutgoing: 1_000,
      onConnect: () => connected.resolve(client),
      onStompError: ({ headers }) => connected.reject(new Error(headers['message'])),
      ...options,
    })
    client.activate()
    return connected.promise
  }

  const receipt = (client: Client, run: (receipt: string) => void): Promise<unknown> =>
    new Promise((resolve) => {
      const id = `r${Math.random()}`
      client.watchForReceipt(id, resolve)
      run(id)
    })

  test('sends with receipts, in transactions, and acknowledges', async () => {
    const client = await connect()
    expect(client.connectedVersion).toBe('1.2')
    const destination = '/queue/stompjs'
    await receipt(client, (receipt) =>
      client.publish({ destination, body: 'grüße: \\ 😀', headers: { receipt, a: 'b:c\nd' } }),
    )
    const tx = client.begin()
    client.publish({ destination, binaryBody: new Uint8Array([0, 1, 0]), headers: { transaction: tx.id } })
    tx.commit()

    const got: IMessage[] = []
    const all = Promise.withResolvers<void>()
    client.subscribe(
      destination,
      (message) => {
        got.push(message)
        message.ack()
        if (got.length === 2) all.resolve()
      },
      { ack: 'client-individual' },
    )
    await all.promise
    expect([got[0]!.body, got[0]!.headers['a']]).toEqual(['grüße: \\ 😀', 'b:c\nd'])
    expect([...got[1]!.binaryBody]).toEqual([0, 1, 0])
    await client.deactivate()
  })

  test('a wrong passcode is told', async () => {
    await expect(connect({ connectHeaders: { login: 'ann', passcode: 'no' } })).rejects.toThrow(
      'login or passcode is wrong',
    )
  })

  test('pages of other origins are refused', async () => {
    const socket = new WebSocket(`${fabric.url.replace('http', 'ws')}/stomp`, ['v12.stomp'], {
      origin: 'https://evil.example',
    })
    const status = await new Promise((resolve) => {
      socket.on('unexpected-response', (_, { statusCode }) => resolve(statusCode))
      socket.on('error', () => {}) // told by the status
    })
    expect(status).toBe(403)
  })
})

describe('stompit, over TLS', () => {
  const connect = (): ReturnType<typeof open> => open(fabric.stomp!)
  async function open(address: string) {
    const [host, port] = address.split(':')
    return promisify(stompit.connect)({
      host,
      port: Number(port),
      ssl: true,
      ca: authority.ca,
      connectHeaders: { host: '/', login: 'ann', passcode: 'secret', 'heart-beat': '5000,5000' },
    })
  }

  test('sends with receipts, in transactions, and acknowledges', async () => {
    const client = await connect()
    const destination = '/queue/stompit'
    await new Promise<void>((resolve) => client.send({ destination }, { onReceipt: resolve }).end('one'))
    const transaction = client.begin()
    transaction.send({ destination }).end('two')
    await new Promise<void>((resolve) => transaction.commit({ onReceipt: resolve }))

    const bodies: string[] = []
    await new Promise<void>((resolve, reject) => {
      client.subscribe({ destination, ack: 'client-individual' }, (error, message) => {
        if (error) return reject(error)
        message.readString('utf8', (failed, body) => {
          if (failed) return reject(failed)
          bodies.push(body)
          client.ack(message)
          if (bodies.length === 2) resolve()
        })
      })
    })
    expect(bodies).toEqual(['one', 'two'])
    await promisify(client.disconnect.bind(client))()
  })
})
