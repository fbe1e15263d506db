import { describe, expect, it } from 'vitest'
import { topologyFormat } from './format.ts'
import { readTopology } from './read-topology.ts'

const format = topologyFormat({})
const indented = (text: string): string => text.replaceAll(/^/gm, '  ')

describe('every kind of step', () => {
  it.each(Object.entries(format.kinds))('%s has an example that builds', (word, { example, about }) => {
    const leadsOn = !/^- (route|recipientList|toEach)/.test(example)
    const text = `topology: t\nfrom: in\nsteps:\n${indented(example)}\n${leadsOn ? 'to: out\n' : ''}`
    const { topology } = readTopology(text, format, { file: 't.yaml' })
    expect(topology.plan.components.length).toBeGreaterThan(1)
    expect(example).toContain(`- ${word}:`)
    expect(about).toMatch(/\.$|\}\.?$/)
  })

  // Anything is a template.
  it.each(Object.keys(format.kinds).filter((word) => word !== 'map'))(
    '%s says what it must be when it is something else',
    (word) => {
      const text = `topology: t\nfrom: in\nsteps:\n  - ${word}:\n      - [[]]\nto: out\n`
      expect(() => readTopology(text, format, { file: 't.yaml' })).toThrow(/t\.yaml:\d+:\d+ /)
    },
  )
})
