import { file, http } from '@heddle/connectors'
import {
  duration,
  either,
  field,
  mapped,
  object,
  oneOf,
  outputKind,
  record,
  required,
  text,
  wholeNumber,
} from '@heddle/core/yaml'

const url = text('an address such as https://team.example/hook', /^https?:\/\/.+/)
const path = text('the path of a file')

/** The connectors as topology files name them. */
export const outputs = {
  http: outputKind({
    about: 'An HTTP endpoint: each event is one POST.',
    shape: either(
      mapped(url, (address) => http(address)),
      mapped(
        object('an object such as { url: https://team.example/hook }', {
          url: required(url, 'Where each event is posted.'),
          mode: field(oneOf('binary', 'structured'), 'How a CloudEvent is written. Default binary.'),
          headers: field(
            record(text(), { least: 1 }),
            'Further request headers; ${NAME} in a value is that environment variable.',
          ),
          timeout: field(duration, 'For one request. Default 15s.'),
          concurrency: field(wholeNumber(1), 'Requests under way at once. Default 16.'),
          maxRetryAfter: field(duration, 'A Retry-After that asks for more is cut to this. Default 5m.'),
        }),
        ({ url: address, headers, ...options }) =>
          http(address, {
            ...options,
            ...(headers && {
              headers: Object.fromEntries([...headers].map(([name, { value }]) => [name, value])),
            }),
          }),
      ),
    ),
    sink: (ref) => ref,
  }),
  file: outputKind({
    about: 'A file of JSON lines. A relative path starts at the working directory of the host.',
    shape: either(
      mapped(path, (name) => file(name)),
      mapped(
        object('an object such as { path: out/pushes.jsonl }', {
          path: required(path, 'Where the lines go; the folder is made.'),
          format: field(oneOf('event', 'data'), 'What a line holds. Default event.'),
          batch: field(wholeNumber(1), 'Events that are written and synced at once. Default 1000.'),
        }),
        ({ path: name, ...options }) => file(name, options),
      ),
    ),
    sink: (ref) => ref,
  }),
}
