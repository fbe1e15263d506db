import type { PlanComponent } from '@heddle/core'

/**
 * By how much what an operator emits may be older than the event time that it has come to, in milliseconds: it gives a result
 * only when the grace of its time is over, or keeps elements back. By operator; none for those that are left out.
 */
const holds: Readonly<Record<string, (config: Readonly<Record<string, unknown>>) => number>> = {
  batch: (config) => ms(config, 'withinMs'),
  debounce: (config) => ms(config, 'quietMs'),
  delay: (config) => ms(config, 'delayMs'),
  gather: (config) => ms(config, 'timeoutMs'),
  gatherAnswers: (config) => ms(config, 'timeoutMs'),
  join: (config) => ms(config, 'withinMs') + ms(config, 'graceMs'),
  request: (config) => ms(config, 'timeoutMs'),
  resequence: (config) => ms(config, 'timeoutMs'),
  window(config) {
    const grace = ms(config, 'graceMs')
    if (config['kind'] === 'global') return ms(config, 'everyMs')
    // Has the time of its last element.
    if (config['kind'] === 'session') return ms(config, 'gapMs') + grace
    // Has the time of the element that changed it.
    return config['emit'] === 'updates' ? ms(config, 'sizeMs') + grace : grace
  },
}

/** By how much event time has to be held back for those that take from this component. */
export const holdOf = ({ operator, config }: PlanComponent): number => holds[operator]?.(config) ?? 0

const ms = (config: Readonly<Record<string, unknown>>, name: string): number =>
  (config[name] as number | undefined) ?? 0
