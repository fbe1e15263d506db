import { expect, test } from 'vitest'
import { placeOf } from './destination.ts'

/** What Storm does with a list of one integer: `Math.floorMod(Arrays.deepHashCode([place]), tasks)`. */
const chosenByStorm = (place: number, tasks: number): number => (((31 + place) % tasks) + tasks) % tasks

test('Storm finds each task by its place', () => {
  for (let tasks = 1; tasks <= 100; tasks++)
    for (let index = 0; index < tasks; index++) {
      const place = placeOf(index, tasks)
      expect(chosenByStorm(place, tasks)).toBe(index)
      expect(place).toBeGreaterThanOrEqual(0)
    }
})
