// What core takes from the runtime. Node and browsers both have these; core has no other types of either.
declare function setTimeout(run: () => void, ms: number): unknown
declare function clearTimeout(timer: unknown): void
declare function atob(base64: string): string
declare function btoa(binary: string): string
declare class TextEncoder {
  encode(text: string): Uint8Array
}
declare class TextDecoder {
  constructor(encoding?: string, options?: { fatal?: boolean })
  decode(bytes?: Uint8Array): string
}
declare const crypto: { randomUUID(): string; getRandomValues(array: Uint8Array): Uint8Array }
interface ErrorConstructor {
  stackTraceLimit?: number
}
