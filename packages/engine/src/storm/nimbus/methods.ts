import { type Type, type ValueOf, binary, bool, list, string, struct } from '../thrift/type.ts'
import {
  blobMeta,
  clusterSummary,
  componentPageInfo,
  killOptions,
  nimbusSummary,
  rebalanceOptions,
  stormTopology,
  topologyInfo,
  topologyPageInfo,
  topologySummary,
} from './structs.ts'

const exception = struct({ msg: [1, string] })

/** Names of the exceptions that methods declare, and which fields of a reply they are. */
const auth = { AuthorizationException: [1, exception, 'optional'] } as const
const alive = {
  NotAliveException: [1, exception, 'optional'],
  AuthorizationException: [2, exception, 'optional'],
} as const

const none = struct({})
const named = struct({ name: [1, string] })

/** A result is field 0 of the reply; whatever else is there is an exception by its name. */
const gives = <T, const E extends Parameters<typeof struct>[0]>(type: Type<T>, exceptions: E) => ({
  ...exceptions,
  result: [0, type, 'optional'] as const,
})

/** The methods of Nimbus that are called here: what they take, and what they answer. */
export const methods = {
  beginFileUpload: { args: none, reply: struct(gives(string, auth)) },
  uploadChunk: { args: struct({ location: [1, string], chunk: [2, binary] }), reply: struct(auth) },
  finishFileUpload: { args: struct({ location: [1, string] }), reply: struct(auth) },
  beginCreateBlob: {
    args: struct({ key: [1, string], meta: [2, blobMeta] }),
    reply: struct(gives(string, { ...auth, KeyAlreadyExistsException: [2, exception, 'optional'] })),
  },
  uploadBlobChunk: { args: struct({ session: [1, string], chunk: [2, binary] }), reply: struct(auth) },
  finishBlobUpload: { args: struct({ session: [1, string] }), reply: struct(auth) },
  deleteBlob: {
    args: struct({ key: [1, string] }),
    reply: struct({ ...auth, KeyNotFoundException: [2, exception, 'optional'] }),
  },
  submitTopology: {
    args: struct({
      name: [1, string],
      uploadedJarLocation: [2, string],
      jsonConf: [3, string],
      topology: [4, stormTopology],
    }),
    reply: struct({
      AlreadyAliveException: [1, exception, 'optional'],
      InvalidTopologyException: [2, exception, 'optional'],
      AuthorizationException: [3, exception, 'optional'],
    }),
  },
  killTopologyWithOpts: {
    args: struct({ name: [1, string], options: [2, killOptions] }),
    reply: struct(alive),
  },
  activate: { args: named, reply: struct(alive) },
  deactivate: { args: named, reply: struct(alive) },
  rebalance: {
    args: struct({ name: [1, string], options: [2, rebalanceOptions] }),
    reply: struct({
      NotAliveException: [1, exception, 'optional'],
      InvalidTopologyException: [2, exception, 'optional'],
      AuthorizationException: [3, exception, 'optional'],
    }),
  },
  getLeader: { args: none, reply: struct(gives(nimbusSummary, auth)) },
  getClusterInfo: { args: none, reply: struct(gives(clusterSummary, auth)) },
  getTopologySummaries: { args: none, reply: struct(gives(list(topologySummary), auth)) },
  getTopologyInfo: { args: struct({ id: [1, string] }), reply: struct(gives(topologyInfo, alive)) },
  getTopologyPageInfo: {
    args: struct({ id: [1, string], window: [2, string], withSystem: [3, bool] }),
    reply: struct(gives(topologyPageInfo, alive)),
  },
  getComponentPageInfo: {
    args: struct({ id: [1, string], component: [2, string], window: [3, string], withSystem: [4, bool] }),
    reply: struct(gives(componentPageInfo, alive)),
  },
  getTopologyConf: { args: struct({ id: [1, string] }), reply: struct(gives(string, alive)) },
} as const

export type MethodName = keyof typeof methods
export type ArgsOf<M extends MethodName> = ValueOf<(typeof methods)[M]['args']>
type ReplyOf<M extends MethodName> = ValueOf<(typeof methods)[M]['reply']>
export type ResultOf<M extends MethodName> =
  ReplyOf<M> extends { readonly result?: infer Result } ? Exclude<Result, undefined> : void
