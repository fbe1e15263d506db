import type { FastifyInstance } from 'fastify'

/**
 * Lets pages of these origins call the gateway. https://fetch.spec.whatwg.org/#http-cors-protocol
 * Only for browsers: it keeps nobody out who is not one.
 */
export function cors(app: FastifyInstance, origins: '*' | readonly string[]): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers
    if (origin === undefined || (origins !== '*' && !origins.includes(origin))) return done()
    void reply.header('access-control-allow-origin', origin).header('vary', 'origin')
    if (request.method !== 'OPTIONS') return done()
    void reply
      .code(204)
      .header('access-control-allow-methods', 'GET, POST, PUT, PATCH, DELETE')
      .header(
        'access-control-allow-headers',
        request.headers['access-control-request-headers'] ?? 'content-type',
      )
      .header('access-control-max-age', '600')
      .send()
  })
}
