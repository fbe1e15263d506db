import { run, send } from './multilang.mjs'

run(() => ({ id, tuple: [n] }) => {
  send({ command: 'emit', anchors: [id], tuple: [n, n * n], need_task_ids: false })
  send({ command: 'ack', id })
})
