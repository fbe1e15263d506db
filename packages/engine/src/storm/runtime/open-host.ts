import { BoltHost } from './bolt-host.ts'
import type { Commands } from './commands.ts'
import type { ComponentContext } from './component-context.ts'
import type { ToCode } from './messages.ts'
import type { SourceHost } from './source-host.ts'
import { TopicHost } from './topic-host.ts'
import { TransactionalHost } from './transactional-host.ts'
import { UserSpoutHost } from './user-spout-host.ts'

/**
 * Opens what runs a task.
 * @returns What takes messages for it.
 * @throws What opening it throws.
 */
export async function openHost(
  context: ComponentContext,
  commands: Commands,
): Promise<(message: ToCode) => void> {
  const { component, reads } = context
  return component.kind === 'spout' || reads
    ? forSource(await sourceOf(context, commands))
    : forBolt(await boltOf(context, commands))
}

const sourceOf = (context: ComponentContext, commands: Commands): Promise<SourceHost> =>
  context.reads || context.component.operator === 'topic'
    ? TopicHost.open(context, commands)
    : UserSpoutHost.open(context, commands)

const boltOf = (context: ComponentContext, commands: Commands): Promise<BoltHost | TransactionalHost> =>
  context.transactional.has(context.component.id)
    ? TransactionalHost.open(context, commands)
    : BoltHost.open(context, commands)

const forBolt =
  (host: BoltHost | TransactionalHost) =>
  (message: ToCode): void => {
    if ('tuples' in message) host.receive(message.tuples)
  }

const forSource =
  (host: SourceHost) =>
  (message: ToCode): void => {
    if ('acked' in message) for (const id of message.acked) host.acked(id)
    else if ('failed' in message) for (const id of message.failed) host.failed(id)
    else if ('active' in message) host.activate(message.active)
  }
