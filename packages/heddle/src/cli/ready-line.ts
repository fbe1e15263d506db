import type { Fabric } from '../host/create-fabric.ts'
import { style } from './output.ts'

/** The one line that `up` prints when it serves. */
export function readyLine({ url, stomp, config, topologies }: Fabric, json: boolean): string {
  const names = topologies.map((one) => one.name)
  if (json)
    return JSON.stringify({ ready: true, url, stomp, data: config.data, pid: process.pid, topologies: names })
  const running = names.length === 0 ? 'no topologies' : `topologies ${names.join(', ')}`
  return `${style('green', 'heddle is ready')}  ${url}${stomp === undefined ? '' : `  stomp ${stomp}`}  data ${config.data}  ${running}`
}
