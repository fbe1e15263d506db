import type { ComponentFigures, Figures } from '@heddle/engine/storm'
import { print, printJson, printTable, style } from './output.ts'

const windowNames: Readonly<Record<string, string>> = {
  '600': '10 min',
  '10800': '3 h',
  '86400': '1 day',
  ':all-time': 'all time',
}

/** Prints what Storm's UI has on the page of a component: by window, stream and task. */
export function showComponent(found: ComponentFigures, { json = false }: { readonly json?: boolean }): void {
  if (json) return printJson(found)
  const { component, kind, executors, tasks, windows, inputs, outputs, perTask, errors } = found
  print(`${style('bold', component)}  ${kind}, ${tasks} tasks in ${executors} executors`)
  const sections: readonly (readonly [string, readonly (readonly [string, Figures])[]])[] = [
    [
      'WINDOW',
      Object.keys(windowNames).flatMap((window) =>
        windows[window] ? [[windowNames[window]!, windows[window]] as const] : [],
      ),
    ],
    ['INPUT', inputs.map((each) => [`${each.from} ${each.stream}`, each] as const)],
    ['OUTPUT', outputs.map((each) => [each.stream, each] as const)],
    ['TASKS', perTask.map((each) => [`${each.tasks.join('–')} at ${each.host}:${each.port}`, each] as const)],
  ]
  for (const [title, rows] of sections) {
    if (rows.length === 0) continue
    print()
    printTable(
      [title, ...columns.map(([heading]) => heading)],
      rows.map(([name, figures]) => [name, ...columns.map(([, show]) => show(figures))]),
    )
  }
  for (const { message, at, host } of errors) {
    print()
    print(style('red', `${new Date(at).toISOString()}${host === undefined ? '' : ` on ${host}`}`))
    print(message.trimEnd())
  }
}

const ms = (value: number | undefined): string => value?.toFixed(2) ?? ''

const columns: readonly (readonly [string, (figures: Figures) => string | number])[] = [
  ['EMITTED', ({ emitted }) => emitted],
  ['TRANSFERRED', ({ transferred }) => transferred],
  ['ACKED', ({ acked }) => acked],
  ['FAILED', ({ failed }) => failed],
  ['EXECUTED', ({ executed }) => executed ?? ''],
  ['COMPLETE MS', ({ completeLatencyMs }) => ms(completeLatencyMs)],
  ['EXECUTE MS', ({ executeLatencyMs }) => ms(executeLatencyMs)],
  ['PROCESS MS', ({ processLatencyMs }) => ms(processLatencyMs)],
  ['CAPACITY', ({ capacity }) => ms(capacity)],
]
