import { createServer } from 'node:net'

/**
 * Below the range that systems take for outgoing connections (Linux 32768 and up, macOS 49152 and up). A port from
 * within it can be taken by any client while its server is down, and a client that reconnects to it can even connect to
 * itself; so a server that is killed and started again on the same port needs one from here.
 */
const FIRST = 20_000
const LAST = 32_000

const given = new Set<number>()

/** That many ports on which nothing listens, each given only once by this process. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < count) {
    if (given.size > (LAST - FIRST) / 2) throw new Error('this process has been given thousands of ports')
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST))
    if (given.has(port)) continue
    given.add(port)
    if (await isFree(port)) ports.push(port)
  }
  return ports
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.on('error', () => resolve(false))
    // On all addresses: one that is taken on any of them is not free.
    server.listen(port, () => server.close(() => resolve(true)))
  })
}
