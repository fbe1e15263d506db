import { type Document, type YAMLError, parseDocument } from 'yaml'
import type { Mistake } from '../plan/check.ts'
import { topologyInvalid } from './reader.ts'
import type { SourceText } from './source-text.ts'

/** Largest file that is read, in characters: far above what people write. */
const maxLength = 1_000_000

/**
 * The parts of a YAML file.
 * @throws HEDDLE_TOPOLOGY_INVALID with what is no YAML, a mistake for each line at most.
 */
export function parseSource(source: SourceText): Document.Parsed {
  if (source.text.length > maxLength)
    throw topologyInvalid(source.file, [{ message: `it has more than ${maxLength} characters` }])
  let document: Document.Parsed
  try {
    document = parseDocument(source.text, { prettyErrors: false })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw topologyInvalid(source.file, [{ message: 'it is nested too deep' }])
  }
  // One fault mostly has others behind it: the first of each line is told.
  const lines = new Map<number, YAMLError>()
  for (const fault of [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0])) {
    const { line } = source.position(fault.pos[0])
    if (!lines.has(line)) lines.set(line, fault)
  }
  if (lines.size > 0)
    throw topologyInvalid(
      source.file,
      [...lines.values()].slice(0, 5).map((fault) => yamlMistake(fault, source)),
    )
  return document
}

/** YAML's own errors, and what they mostly come from. */
function yamlMistake({ code, message, pos }: YAMLError, source: SourceText): Mistake {
  const hint =
    code === 'TAG_RESOLVE_FAILED' && message.startsWith('Unresolved tag')
      ? "YAML takes a '!' at the beginning for a tag: put the expression into quotes"
      : message.includes('call stack')
        ? 'it is nested too deep'
        : code === 'DUPLICATE_KEY'
          ? 'this name is there before'
          : /Nested mappings|Implicit keys|Implicit map keys/.test(message)
            ? "a name and its value are written 'name: value', with the space; an expression with ': ' in it goes into quotes"
            : /plain|scalar|flow|alias|anchor|token|compact|implicit/i.test(message)
              ? `${message}. An expression goes into quotes, or below '|-', when it has ': ' or ' #' in it, or begins with a quote or one of [ { ! & * | > % @; in braces also when it has a comma or brackets`
              : message
  return {
    message: hint,
    place: source.place(pos[0]),
    excerpt: source.excerpt([pos[0], Math.max(pos[1], pos[0] + 1)]),
  }
}
