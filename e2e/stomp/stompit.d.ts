// What the tests use of it; the package brings no types.
declare module 'stompit' {
  import type { Readable, Writable } from 'node:stream'

  interface Message extends Readable {
    readonly headers: Readonly<Record<string, string>>
    readString(encoding: string, done: (error: Error | null, text: string) => void): void
  }
  interface Subscription {
    unsubscribe(): void
  }
  interface Transaction {
    send(headers: Readonly<Record<string, string>>): Writable
    commit(options: { readonly onReceipt: () => void }): void
  }
  interface Client {
    send(headers: Readonly<Record<string, string>>, options?: { readonly onReceipt: () => void }): Writable
    subscribe(
      headers: Readonly<Record<string, string>>,
      given: (error: Error | null, message: Message, subscription: Subscription) => void,
    ): Subscription
    ack(message: Message): void
    nack(message: Message): void
    begin(): Transaction
    disconnect(done: (error: Error | null) => void): void
    destroy(): void
  }
  export function connect(options: object, done: (error: Error | null, client: Client) => void): unknown
  const stompit: { readonly connect: typeof connect }
  export default stompit
}
