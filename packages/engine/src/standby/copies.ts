import type { GroupInfo } from '@heddle/core'

/** A group whose members each have stores by the partitions that they own. */
export interface SharedStores {
  readonly group: string
  /** The partitions of this topic stand for the stores. */
  readonly topic: string
  /** Name of this process in the group. */
  readonly member: string
  readonly stores: (partition: number) => readonly string[]
}

/** The process that a member is in: those of its other threads have this behind their name. */
const processOf = (member: string): string => member.replace(/\.thread-\d+$/, '')

/**
 * Which partitions a member keeps copies of: of each, so many of the processes that do not own it, in the order of their names, with
 * another one the first for each partition, so that the copies are spread. All members come to the same answer without asking each other.
 *
 * @param copies How many there are to be of each, beside the owner.
 */
export function copiesOf(
  { topic, member }: Pick<SharedStores, 'topic' | 'member'>,
  members: GroupInfo['members'],
  copies: number,
): readonly number[] {
  const owners = new Map<number, string>()
  for (const each of members)
    for (const place of each.assignment)
      if (place.topic === topic) owners.set(place.partition, processOf(each.member))
  /** Of the threads of a process, the first by name does it. */
  const firsts = new Map<string, string>()
  for (const name of members.map((each) => each.member).sort())
    if (!firsts.has(processOf(name))) firsts.set(processOf(name), name)
  if (firsts.get(processOf(member)) !== member) return []
  const found: number[] = []
  for (const [partition, owner] of owners) {
    const others = [...firsts.keys()].filter((process) => process !== owner)
    const place = others.indexOf(processOf(member))
    if (place < 0) continue
    const turn = (place - (partition % others.length) + others.length) % others.length
    if (turn < copies) found.push(partition)
  }
  return found.sort((a, b) => a - b)
}
