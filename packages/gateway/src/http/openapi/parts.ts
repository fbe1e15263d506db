/**
 * Parts of the OpenAPI document that many routes need.
 *
 * @module
 */

/** A reference to a schema of the document. */
export const ref = (schema: string): object => ({ $ref: `#/components/schemas/${schema}` })

export const jsonContent = (schema: object): { content: object } => ({
  content: { 'application/json': { schema } },
})

export const topicParameter = {
  name: 'topic',
  in: 'path',
  required: true,
  description: 'Name of the topic',
  schema: { type: 'string' },
} as const

export const query = (name: string, description: string, schema: object): object => ({
  name,
  in: 'query',
  description,
  schema,
})

export const header = (name: string, description: string, required = false): object => ({
  name,
  in: 'header',
  required,
  description,
  schema: { type: 'string' },
})
