import type { Log, Plan } from '@heddle/core'

/** Where event time of a component comes from, and what comes again: a part of a spout, or a task of a transactional component. */
export const sourceName = (component: string, part: number): string => `${component}/${part}`

/** Spouts and transactional components that a component's tuples come from, with no other of these between. */
export function sourcesOf(plan: Plan, transactional: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (each: string): void => {
    const { kind, inputs } = plan.components.find((component) => component.id === each)!
    if (kind === 'spout' || (each !== id && transactional.has(each))) found.add(each)
    else for (const { from } of inputs) visit(from)
  }
  visit(id)
  return found
}

/** Transactional components that hear of event time from a spout, or from another transactional component. */
export const hearersOf = (
  plan: Plan,
  transactional: ReadonlySet<string>,
  source: string,
): readonly string[] =>
  [...transactional].filter((id) => id !== source && sourcesOf(plan, transactional, id).has(source))

/** Names of all parts that have to be heard of before it is known how far event time has come for a component. */
export async function awaitedSources(
  plan: Plan,
  transactional: ReadonlySet<string>,
  id: string,
  log: Pick<Log, 'partitions'>,
): Promise<readonly string[]> {
  const names: string[] = []
  for (const source of sourcesOf(plan, transactional, id)) {
    const { operator, config, parallelism } = plan.components.find((component) => component.id === source)!
    const parts =
      operator === 'topic' ? (await log.partitions(config['topic'] as string)).length : parallelism
    for (let part = 0; part < parts; part++) names.push(sourceName(source, part))
  }
  return names
}
