/**
 * The structs of Nimbus, as far as they are used here; other fields are read over.
 * https://github.com/apache/storm/blob/v2.8.4/storm-client/src/storm.thrift
 *
 * @module
 */
import {
  type ValueOf,
  bigInt64,
  binary,
  bool,
  double,
  int32,
  int64,
  list,
  map,
  string,
  struct,
} from '../thrift/type.ts'

const nothing = struct({})

const globalStreamId = struct({ componentId: [1, string], streamId: [2, string] })

/** A union: exactly one field is there. `fields` without any is the global grouping. */
const grouping = struct({
  fields: [1, list(string), 'optional'],
  shuffle: [2, nothing, 'optional'],
  all: [3, nothing, 'optional'],
  none: [4, nothing, 'optional'],
  direct: [5, nothing, 'optional'],
  localOrShuffle: [8, nothing, 'optional'],
})

const streamInfo = struct({ outputFields: [1, list(string)], direct: [2, bool] })

const shellComponent = struct({ executionCommand: [1, string, 'optional'], script: [2, string, 'optional'] })

/** A union: an argument of a constructor. */
const javaArgument = struct({
  int: [1, int32, 'optional'],
  long: [2, bigInt64, 'optional'],
  string: [3, string, 'optional'],
  bool: [4, bool, 'optional'],
  double: [6, double, 'optional'],
})

const javaObject = struct({ fullClassName: [1, string], argsList: [2, list(javaArgument)] })

/** A union. */
const componentObject = struct({
  serializedJava: [1, binary, 'optional'],
  shell: [2, shellComponent, 'optional'],
  javaObject: [3, javaObject, 'optional'],
})

const componentCommon = struct({
  inputs: [1, map(globalStreamId, grouping)],
  streams: [2, map(string, streamInfo)],
  parallelismHint: [3, int32, 'optional'],
  jsonConf: [4, string, 'optional'],
})

const spoutSpec = struct({ spoutObject: [1, componentObject], common: [2, componentCommon] })
const bolt = struct({ boltObject: [1, componentObject], common: [2, componentCommon] })

export const stormTopology = struct({
  spouts: [1, map(string, spoutSpec)],
  bolts: [2, map(string, bolt)],
  stateSpouts: [3, map(string, nothing)],
  /** Keys of blobs: they are on the class path of each worker, and Nimbus deletes them with the topology. */
  dependencyJars: [5, list(string), 'optional'],
})

/** Whoever may use the cluster may do all with it. */
export const blobMeta = struct({ acl: [1, list(struct({ type: [1, int32], access: [3, int32] }))] })

export const topologySummary = struct({
  id: [1, string],
  name: [2, string],
  numTasks: [3, int32],
  numExecutors: [4, int32],
  numWorkers: [5, int32],
  uptimeSecs: [6, int32],
  status: [7, string],
})

const supervisorSummary = struct({
  host: [1, string],
  uptimeSecs: [2, int32],
  numWorkers: [3, int32],
  numUsedWorkers: [4, int32],
  supervisorId: [5, string],
})

export const nimbusSummary = struct({
  host: [1, string],
  port: [2, int32],
  uptimeSecs: [3, int32],
  isLeader: [4, bool],
  version: [5, string],
})

export const clusterSummary = struct({
  supervisors: [1, list(supervisorSummary)],
  topologies: [3, list(topologySummary)],
  nimbuses: [4, list(nimbusSummary)],
})

const errorInfo = struct({
  error: [1, string],
  errorTimeSecs: [2, int32],
  host: [3, string, 'optional'],
  port: [4, int32, 'optional'],
})

const executorSummary = struct({
  executorInfo: [1, struct({ taskStart: [1, int32], taskEnd: [2, int32] })],
  componentId: [2, string],
  host: [3, string],
  port: [4, int32],
  uptimeSecs: [5, int32],
})

export const topologyInfo = struct({
  id: [1, string],
  name: [2, string],
  uptimeSecs: [3, int32],
  executors: [4, list(executorSummary)],
  status: [5, string],
  errors: [6, map(string, list(errorInfo))],
})

const componentAggregateStats = struct({
  common: [
    2,
    struct({
      numExecutors: [1, int32, 'optional'],
      numTasks: [2, int32, 'optional'],
      emitted: [3, int64, 'optional'],
      transferred: [4, int64, 'optional'],
      acked: [5, int64, 'optional'],
      failed: [6, int64, 'optional'],
    }),
    'optional',
  ],
  /** A union. */
  specific: [
    3,
    struct({
      bolt: [
        1,
        struct({
          executeLatencyMs: [1, double, 'optional'],
          processLatencyMs: [2, double, 'optional'],
          executed: [3, int64, 'optional'],
          capacity: [4, double, 'optional'],
        }),
        'optional',
      ],
      spout: [2, struct({ completeLatencyMs: [1, double, 'optional'] }), 'optional'],
    }),
    'optional',
  ],
  lastError: [4, errorInfo, 'optional'],
})

export const topologyPageInfo = struct({
  id: [1, string],
  name: [2, string, 'optional'],
  uptimeSecs: [3, int32, 'optional'],
  status: [4, string, 'optional'],
  numTasks: [5, int32, 'optional'],
  numWorkers: [6, int32, 'optional'],
  numExecutors: [7, int32, 'optional'],
  topologyConf: [8, string, 'optional'],
  spouts: [9, map(string, componentAggregateStats), 'optional'],
  bolts: [10, map(string, componentAggregateStats), 'optional'],
})

/** What Storm's UI shows of a component. */
export const componentPageInfo = struct({
  componentId: [1, string],
  /** 1 bolt, 2 spout. */
  componentType: [2, int32],
  numExecutors: [5, int32, 'optional'],
  numTasks: [6, int32, 'optional'],
  windows: [7, map(string, componentAggregateStats), 'optional'],
  inputs: [8, map(globalStreamId, componentAggregateStats), 'optional'],
  outputs: [9, map(string, componentAggregateStats), 'optional'],
  executors: [
    10,
    list(
      struct({ summary: [1, executorSummary, 'optional'], stats: [2, componentAggregateStats, 'optional'] }),
    ),
    'optional',
  ],
  errors: [11, list(errorInfo), 'optional'],
})

export const killOptions = struct({ waitSecs: [1, int32, 'optional'] })

export const rebalanceOptions = struct({
  waitSecs: [1, int32, 'optional'],
  numWorkers: [2, int32, 'optional'],
  numExecutors: [3, map(string, int32), 'optional'],
})

export type JavaObject = ValueOf<typeof javaObject>
export type ComponentObject = ValueOf<typeof componentObject>
export type Grouping = ValueOf<typeof grouping>
export type ComponentCommon = ValueOf<typeof componentCommon>
export type StormTopology = ValueOf<typeof stormTopology>
export type TopologySummary = ValueOf<typeof topologySummary>
export type TopologyPageInfo = ValueOf<typeof topologyPageInfo>
export type ComponentPageInfo = ValueOf<typeof componentPageInfo>
export type ComponentStats = ValueOf<typeof componentAggregateStats>
