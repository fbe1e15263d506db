import { shellBoltOperator } from '../multilang/shell-bolt.ts'
import { batchOperator } from './batch.ts'
import { boltOperator } from './bolt.ts'
import { checkInOperator, checkOutOperator } from './claim.ts'
import { debounceOperator } from './debounce.ts'
import { dedupeOperator } from './dedupe.ts'
import { delayOperator } from './delay.ts'
import { dropOperator } from './drop.ts'
import { enrichOperator } from './enrich.ts'
import { omitOperator, pickOperator } from './fields.ts'
import { filterOperator } from './filter.ts'
import { flatMapOperator } from './flat-map.ts'
import { gatherOperator } from './gather.ts'
import { joinTableOperator } from './join-table.ts'
import { joinOperator } from './join.ts'
import { keyByOperator } from './key-by.ts'
import { loopOperator } from './loop.ts'
import { mapOperator } from './map.ts'
import { normaliseOperator } from './normalise.ts'
import type { OperatorFactory } from './operator.ts'
import { peekOperator } from './peek.ts'
import { foldOperator, processOperator } from './process.ts'
import { recipientListOperator } from './recipient-list.ts'
import { requestOperator } from './request.ts'
import { resequenceOperator } from './resequence.ts'
import { routeOperator } from './route.ts'
import { routingSlipOperator } from './routing-slip.ts'
import { sampleOperator } from './sample.ts'
import { gatherAnswersOperator, scatterOperator } from './scatter.ts'
import { sinkOperator } from './sink.ts'
import { splitOperator } from './split.ts'
import { filterTableOperator, joinTablesOperator, mapTableOperator } from './tables.ts'
import { throttleOperator } from './throttle.ts'
import { toEachOperator } from './to-each.ts'
import { toTopicOperator } from './to-topic.ts'
import { toValueOperator } from './to-value.ts'
import { windowOperator } from './window.ts'
import { wireTapOperator } from './wire-tap.ts'

/** Operators of bolts, by the name that plans have for them. */
export const operators: ReadonlyMap<string, OperatorFactory> = new Map(
  Object.entries({
    batch: batchOperator,
    bolt: boltOperator,
    checkIn: checkInOperator,
    checkOut: checkOutOperator,
    debounce: debounceOperator,
    dedupe: dedupeOperator,
    delay: delayOperator,
    drop: dropOperator,
    enrich: enrichOperator,
    filter: filterOperator,
    filterTable: filterTableOperator,
    flatMap: flatMapOperator,
    fold: foldOperator,
    gather: gatherOperator,
    gatherAnswers: gatherAnswersOperator,
    join: joinOperator,
    joinTable: joinTableOperator,
    joinTables: joinTablesOperator,
    keyBy: keyByOperator,
    loop: loopOperator,
    map: mapOperator,
    mapTable: mapTableOperator,
    normalise: normaliseOperator,
    omit: omitOperator,
    peek: peekOperator,
    pick: pickOperator,
    process: processOperator,
    recipientList: recipientListOperator,
    request: requestOperator,
    resequence: resequenceOperator,
    route: routeOperator,
    routingSlip: routingSlipOperator,
    sample: sampleOperator,
    scatter: scatterOperator,
    shell: shellBoltOperator,
    sink: sinkOperator,
    split: splitOperator,
    throttle: throttleOperator,
    'to-topic': toTopicOperator,
    toEach: toEachOperator,
    toValue: toValueOperator,
    window: windowOperator,
    wireTap: wireTapOperator,
  }),
)

/** Operators without state, and without code that may have some: several processes can share their work. */
export const stateless: ReadonlySet<string> = new Set([
  'checkIn',
  'checkOut',
  'drop',
  'enrich',
  'filter',
  'flatMap',
  'keyBy',
  'loop',
  'map',
  'mapTable',
  'normalise',
  'omit',
  'peek',
  'pick',
  'recipientList',
  'route',
  'routingSlip',
  'scatter',
  'sink',
  'split',
  'to-topic',
  'toEach',
  'toValue',
  'topic',
  'wireTap',
])
