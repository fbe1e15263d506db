// A spout of numbers: each until it is acked.
import { run, send } from './multilang.mjs'

run((conf) => {
  const left = Array.from({ length: conf['numbers.count'] }, (_, n) => n)
  return ({ command, id }) => {
    if (command === 'fail') left.push(id)
    const n = command === 'next' ? left.shift() : undefined
    if (n !== undefined) send({ command: 'emit', id: n, tuple: [n], need_task_ids: false })
    send({ command: 'sync' })
  }
})
