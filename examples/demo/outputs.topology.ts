import { file, http, topic, topology } from 'heddle'

const receiver = process.env['DEMO_RECEIVER'] ?? 'http://127.0.0.1:4334'
const folder = process.env['DEMO_OUT'] ?? 'out'

/** What leaves the fabric while the rest runs on Storm, which has no connectors: exactly once, on the local engine. */
export default [
  topology('github-hooks', { guarantee: 'exactly-once' })
    .from(topic('github.issues'))
    .to(http(`${receiver}/hook`)),
  topology('github-checks', { guarantee: 'exactly-once' })
    .from(topic('github.checks'))
    .to(file(`${folder}/checks.jsonl`)),
]
