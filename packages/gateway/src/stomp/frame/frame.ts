/**
 * STOMP frames, versions 1.0, 1.1 and 1.2. Sources: https://stomp.github.io/stomp-specification-1.2.html (§ Augmented BNF,
 * § Value Encoding), -1.1.html, -1.0.html.
 *
 * ```
 * stream  = *( frame / EOL )            an EOL between frames is a heart-beat
 * frame   = command EOL *( header EOL ) EOL body NUL
 * header  = name ":" value              the first of a name counts
 * body    = content-length octets       when that header is there; NUL may be among them
 *         / *( octet except NUL )
 * EOL     = [CR] LF
 *
 *                      1.0                     1.1                  1.2
 * escapes              none                    \n  \c  \\           \r  \n  \c  \\
 * around the value     blanks are dropped      kept                 kept
 * ```
 * CONNECT and CONNECTED are as in 1.0, except that the version is not known before: nothing in them is escaped. A CR before LF
 * is dropped in all versions. Text is UTF-8.
 *
 * @module
 */

export const versions = ['1.2', '1.1', '1.0'] as const
export type Version = (typeof versions)[number]

/** A frame as it was read, or is to be written. */
export interface Frame {
  readonly command: string
  /** By name, in their order; unescaped. */
  readonly headers: ReadonlyMap<string, string>
  /** Shares memory with what was received; nobody changes it. */
  readonly body: Uint8Array
}

/** Bounds of one frame, so that no peer can fill memory. Sizes in bytes. */
export interface FrameLimits {
  /** The command and all headers. 64 KiB: half of what ActiveMQ allows one header, and more than messages need. */
  readonly maxHeadBytes: number
  /** Number of headers. 1,000: as ActiveMQ. */
  readonly maxHeaders: number
  /** The body. 16 MiB: as the body of an HTTP publish. */
  readonly maxFrameBodyBytes: number
}

export const defaultFrameLimits: FrameLimits = {
  maxHeadBytes: 64 * 1024,
  maxHeaders: 1_000,
  maxFrameBodyBytes: 16 * 1024 ** 2,
}

export const noBody: Uint8Array = new Uint8Array(0)
