import { boltOperator } from './bolt.ts'
import { dedupeOperator } from './dedupe.ts'
import { dropOperator } from './drop.ts'
import { enrichOperator } from './enrich.ts'
import { filterOperator } from './filter.ts'
import { flatMapOperator } from './flat-map.ts'
import { joinTableOperator } from './join-table.ts'
import { joinOperator } from './join.ts'
import { keyByOperator } from './key-by.ts'
import { mapOperator } from './map.ts'
import type { OperatorFactory } from './operator.ts'
import { foldOperator, processOperator } from './process.ts'
import { recipientListOperator } from './recipient-list.ts'
import { routeOperator } from './route.ts'
import { sinkOperator } from './sink.ts'
import { filterTableOperator, joinTablesOperator, mapTableOperator } from './tables.ts'
import { toTopicOperator } from './to-topic.ts'
import { windowOperator } from './window.ts'
import { wireTapOperator } from './wire-tap.ts'

/** Operators of bolts, by the name that plans have for them. */
export const operators: ReadonlyMap<string, OperatorFactory> = new Map(
  Object.entries({
    bolt: boltOperator,
    dedupe: dedupeOperator,
    drop: dropOperator,
    enrich: enrichOperator,
    filter: filterOperator,
    filterTable: filterTableOperator,
    flatMap: flatMapOperator,
    fold: foldOperator,
    join: joinOperator,
    joinTable: joinTableOperator,
    joinTables: joinTablesOperator,
    keyBy: keyByOperator,
    map: mapOperator,
    mapTable: mapTableOperator,
    process: processOperator,
    recipientList: recipientListOperator,
    route: routeOperator,
    sink: sinkOperator,
    'to-topic': toTopicOperator,
    window: windowOperator,
    wireTap: wireTapOperator,
  }),
)

/** Operators without state, and without code that may have some: several processes can share their work. */
export const stateless: ReadonlySet<string> = new Set([
  'drop',
  'enrich',
  'filter',
  'flatMap',
  'keyBy',
  'map',
  'mapTable',
  'recipientList',
  'route',
  'sink',
  'to-topic',
  'topic',
  'wireTap',
])
