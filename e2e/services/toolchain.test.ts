import { afterEach, describe, expect, test, vi } from 'vitest'
import { servicesAvailable, whatIsMissing } from '../../tools/services/toolchain.ts'

afterEach(() => vi.unstubAllEnvs())

describe('on a machine without Java', () => {
  function withoutJava(ci: string): void {
    vi.stubEnv('JAVA_HOME', import.meta.dirname)
    vi.stubEnv('CI', ci)
  }

  test('services are missing, and the reason says how to get them', () => {
    withoutJava('')
    expect(whatIsMissing(['kafka'])).toMatch(
      /^there is no Java 17 or newer.*\. Debian and Ubuntu: apt-get install .*brew/,
    )
  })

  test('tests are skipped with that reason, and on CI they fail', () => {
    withoutJava('')
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    try {
      expect(servicesAvailable('kafka', 'storm')).toBe(false)
      expect(write).toHaveBeenCalledExactlyOnceWith(
        expect.stringMatching(/^services: skipped: cannot run kafka and storm: there is no Java 17/),
      )
    } finally {
      write.mockRestore()
    }
    withoutJava('true')
    expect(() => servicesAvailable('kafka', 'storm')).toThrow(
      /^cannot run kafka and storm: there is no Java 17/,
    )
  })
})
