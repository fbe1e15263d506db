// The same fastify route, which parses the body and only answers. Prints its port when it listens.
import Fastify from 'fastify'

const app = Fastify()
app.addContentTypeParser(
  ['application/cloudevents+json', 'application/cloudevents-batch+json'],
  { parseAs: 'string', bodyLimit: 16 * 1024 ** 2 },
  app.getDefaultJsonParser('error', 'error'),
)
app.post<{ Params: { topic: string }; Body: { id: string } }>('/topics/:topic/events', (request, reply) => {
  void reply
    .code(201)
    .send({ topic: request.params.topic, partition: 0, offset: 123_456, id: request.body.id })
})
const address = await app.listen({ port: 0, host: '127.0.0.1' })
console.log(new URL(address).port)
process.on('SIGTERM', () => void app.close())
