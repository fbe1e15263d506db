import type { Clock, PlanComponent, Topology } from '@heddle/core'
import type { EventTime } from '../local/event-time.ts'
import type { Lane } from '../local/lane.ts'
import { takesOf } from '../operators/takes.ts'
import { type AnnouncedTime, Announcer } from './announcer.ts'
import type { Share } from './share.ts'
import { type Outlet, type Stage, topicsStage } from './stages.ts'

/** What tells the stages behind how event time goes on; `undefined` where none of them takes note of it. */
export function announcerFor(
  { code, name }: Topology,
  share: Share | undefined,
  clock: Clock,
  eventTime: EventTime,
  lanes: () => Iterable<Lane>,
): Announcer | undefined {
  if (!share) return undefined
  const { stage, whole, inlet } = share
  // Also one that takes no note of it hands it on to those behind.
  const outlets = share.outlets.filter((outlet) =>
    behind(outlet.stage, whole.components).some(
      (component) => takesOf(component, code.get(component.id) ?? {}, name).eventTime,
    ),
  )
  if (outlets.length === 0) return undefined
  // A stage behind others goes on when these say something.
  const restMs = inlet ? Number.POSITIVE_INFINITY : whole.settings.idleAfterMs
  const topics = new Map(outlets.map((outlet) => [outlet, topicsBefore(stage, outlet)]))
  return new Announcer(outlets, clock, restMs, function* (outlet): Iterable<AnnouncedTime> {
    if (stage.id !== topicsStage) {
      const source = `${stage.id}/${inlet?.partition ?? 0}`
      return yield { source, time: Math.min(...outlet.emitters.map((id) => eventTime.timeBehind(id))) }
    }
    for (const lane of lanes())
      if (topics.get(outlet)!.has(lane.topic))
        yield { source: `${lane.topic}/${lane.partition}`, time: eventTime.timeOfSource(lane) }
  })
}

/** Components of a stage, and all that come behind them. */
function behind({ components }: Stage, all: readonly PlanComponent[]): readonly PlanComponent[] {
  const found = new Set(components.map(({ id }) => id))
  // They are in topological order.
  for (const { id, inputs } of all) if (inputs.some(({ from }) => found.has(from))) found.add(id)
  return all.filter(({ id }) => found.has(id))
}

/** Topics whose events lead to an outlet of the stage that reads them. */
export function topicsBefore({ components }: Stage, { emitters }: Outlet): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (id: string): void => {
    const component = components.find((each) => each.id === id)
    if (component?.operator === 'topic') found.add(component.config['topic'] as string)
    for (const { from } of component?.inputs ?? []) visit(from)
  }
  for (const id of emitters) visit(id)
  return found
}
