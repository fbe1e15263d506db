import type { Json, PlanComponent } from './plan.ts'

type Config = PlanComponent['config']

/**
 * What the keys and values of an operator's state depend on, beside the operator itself. The number is that of the layout:
 * it is raised when an operator keeps its state in another way, so that a plan of an older Heddle is told from one of today.
 *
 * Settings that only say what is done with the state, such as a time to live, are not in here: they may change.
 */
interface Layout {
  readonly version: number
  readonly shape?: (config: Config) => Json
}

const fields =
  (...names: readonly string[]) =>
  (config: Config): Json =>
    Object.fromEntries(names.map((name) => [name, config[name]]))

/** The user's own code: only it knows what it keeps. */
const own: Layout = { version: 1 }

const layouts: Readonly<Record<string, Layout>> = {
  batch: { version: 1 },
  bolt: own,
  debounce: { version: 1 },
  // The generation of an entry is its time divided by `withinMs`.
  dedupe: { version: 1, shape: fields('withinMs') },
  delay: { version: 1 },
  filterTable: { version: 1 },
  fold: { version: 1 },
  gather: { version: 1 },
  gatherAnswers: { version: 1, shape: fields('branches') },
  join: { version: 1, shape: fields('type') },
  joinTable: { version: 1 },
  joinTables: { version: 1, shape: fields('type') },
  process: own,
  request: { version: 1 },
  resequence: { version: 1 },
  sample: { version: 1, shape: (config) => (config['perMs'] === undefined ? 'count' : 'pace') },
  shell: own,
  // A checkpoint is the connector's.
  sink: { version: 1, shape: fields('kind') },
  spout: own,
  throttle: { version: 1 },
  window: {
    version: 1,
    shape: (config) => ({
      ...(fields('kind', 'time', 'aggregate')(config) as object),
      // Ends of windows are in the keys, and where they begin is counted from there.
      ...((config['kind'] === 'session' ? {} : fields('sizeMs', 'advanceMs')(config)) as object),
    }),
  },
}

/**
 * The layout of a component's state, as a text to compare; `undefined` for one that keeps nothing. Two components with the
 * same text can take each other's state.
 *
 * @example
 * stateLayout(dedupe) // 'dedupe/1 {"withinMs":3600000}'
 */
export function stateLayout({ operator, config }: PlanComponent): string | undefined {
  if (!Object.hasOwn(layouts, operator)) return undefined
  const { version, shape } = layouts[operator]!
  return shape ? `${operator}/${version} ${JSON.stringify(shape(config))}` : `${operator}/${version}`
}

/** Layouts of all components of a plan that keep state, by their id. */
export function stateLayouts(components: readonly PlanComponent[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    components.flatMap((component) => {
      const layout = stateLayout(component)
      return layout === undefined ? [] : [[component.id, layout]]
    }),
  )
}
