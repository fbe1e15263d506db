/**
 * A route: how it is reached, what it needs, and what the OpenAPI document says of it. Both the server and the document
 * are made from the same list, so neither can have a route that the other lacks.
 *
 * @module
 */
import type { Action, Principal, Resource } from '@heddle/core'
import type { FastifyReply, FastifyRequest } from 'fastify'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
export type Params = Readonly<Record<string, string>>
export type Query = Readonly<Record<string, string | string[] | undefined>>

/** An OpenAPI 3.1 operation object; the answers that every route can give are added to it. */
export interface Operation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly description?: string
  readonly parameters?: readonly object[]
  readonly requestBody?: object
  readonly responses: Readonly<Record<string, object>>
  /** Codes of `errorTable` that this route answers with, beside those that all do. */
  readonly problems?: readonly string[]
}

export interface Route {
  readonly method: Method
  /** As OpenAPI writes it: `/topics/{topic}/events`. */
  readonly path: string
  readonly action: Action
  /** `undefined` for a route that asks nobody: only health, since probes have no credentials. */
  readonly resource: ((params: Params) => Resource) | undefined
  readonly operation: Operation
  /** Answers by itself. A throw, or a rejection, becomes a problem. */
  readonly handle: (request: GatewayRequest, reply: FastifyReply) => void | Promise<void>
}

export type GatewayRequest = FastifyRequest<{ Params: Params; Querystring: Query }> & { principal: Principal }

/** What a route of the host is called with. */
export interface ExtraRequest {
  readonly params: Params
  readonly query: Query
  /** The parsed JSON body; `undefined` without one. */
  readonly body: unknown
  readonly principal: Principal
}

export interface ExtraAnswer {
  /** Default 200, or 204 without a body. */
  readonly status?: number
  /** Written as JSON, unless `contentType` says something else: then a string. */
  readonly body?: unknown
  readonly contentType?: string
}

/** A route of the host. */
export interface ExtraRoute {
  readonly method: Method
  /** As OpenAPI writes it: `/topologies/{name}`. */
  readonly path: string
  readonly action: Action
  readonly resource: (params: Params) => Resource
  readonly operation: Operation
  /** A HeddleError that it throws becomes the problem of its code. */
  handle(request: ExtraRequest): ExtraAnswer | Promise<ExtraAnswer>
}

export const topicResource = (params: Params): Resource => ({ type: 'topic', name: params['topic']! })

const jsonType = 'application/json; charset=utf-8'

/** Answers with JSON. */
export function sendJson(reply: FastifyReply, status: number, body: unknown): void {
  void reply.code(status).header('content-type', jsonType).send(JSON.stringify(body))
}

/** Answers with JSON that is text already. */
export function sendJsonText(reply: FastifyReply, status: number, body: string): void {
  void reply.code(status).header('content-type', jsonType).send(body)
}
