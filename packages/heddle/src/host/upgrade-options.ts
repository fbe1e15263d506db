import { HeddleError, type UpgradeOptions } from '@heddle/core'

/** What upgrades may do, for all topologies of a host, as command lines and requests say it. */
export interface UpgradeFlags {
  /** `topology/component`, or only `component` where one topology is meant. */
  readonly dropState?: readonly string[]
  /** `topology/old=new`, or only `old=new`. */
  readonly rename?: readonly string[]
}

/**
 * What of it is meant for one topology.
 *
 * @param names All topologies that it may be meant for.
 * @throws HEDDLE_CONFIG_INVALID for a topology that is not one of them, or when it is left open which of several is meant.
 */
export function upgradeOptions(
  name: string,
  { dropState = [], rename = [] }: UpgradeFlags,
  names: readonly string[],
): Pick<UpgradeOptions, 'dropState' | 'renamed'> {
  const mine = (all: readonly string[]): readonly string[] =>
    all.flatMap((each) => {
      const slash = each.indexOf('/')
      const [topology, rest] = slash < 0 ? [undefined, each] : [each.slice(0, slash), each.slice(slash + 1)]
      if (topology === undefined ? names.length > 1 : !names.includes(topology))
        throw new HeddleError(
          'HEDDLE_CONFIG_INVALID',
          `'${each}' must begin with the topology that is meant, such as ${names.map((one) => `${one}/`).join(' or ')}`,
        )
      return topology === undefined || topology === name ? [rest] : []
    })
  const renamed = mine(rename).map((each) => {
    const [old = '', now = '', ...more] = each.split('=')
    if (old === '' || now === '' || more.length > 0)
      throw new HeddleError('HEDDLE_CONFIG_INVALID', `'${each}' must be OLD=NEW`)
    return [old, now] as const
  })
  return { dropState: mine(dropState), renamed: Object.fromEntries(renamed) }
}
