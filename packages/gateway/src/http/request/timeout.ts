/** How long a reply is waited for when nothing is said, in milliseconds. */
export const defaultTimeoutMs = 30_000
