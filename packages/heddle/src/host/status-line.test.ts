import { expect, test } from 'vitest'
import { StatusLine } from './status-line.ts'

function terminal(isTTY: boolean) {
  const written: string[] = []
  return { written, isTTY, columns: 12, write: (text: string) => written.push(text) > 0 }
}

test('stays below what is written, and goes', () => {
  const stream = terminal(true)
  const line = new StatusLine(stream)
  line.write('before')
  line.show('1 of 2')
  line.show('1 of 2')
  line.write('between')
  line.show('longer than it is wide')
  line.show('')
  line.write('after')
  expect(stream.written).toEqual([
    'before\n',
    '\r\u001b[2K1 of 2',
    '\r\u001b[2Kbetween\n1 of 2',
    '\r\u001b[2Klonger than',
    '\r\u001b[2K',
    'after\n',
  ])
})

test('is not there where there is no terminal', () => {
  const stream = terminal(false)
  const line = new StatusLine(stream)
  line.show('1 of 2')
  line.write('a line')
  expect(stream.written).toEqual(['a line\n'])
})
