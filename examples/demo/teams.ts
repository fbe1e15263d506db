/** Answers that are known, or asked for: each owner is asked for once. */
const known = new Map<string, Promise<string>>()

/** The team that an owner of repositories belongs to, from the directory service of the demo. */
export function teamOf(owner: string, directory: string): Promise<string> {
  let team = known.get(owner)
  if (team === undefined) {
    team = ask(owner, directory)
    known.set(owner, team)
    // A failure is not an answer: the next event asks again.
    team.catch(() => known.delete(owner))
  }
  return team
}

async function ask(owner: string, directory: string): Promise<string> {
  const response = await fetch(`${directory}/teams/${encodeURIComponent(owner)}`)
  if (!response.ok) throw new Error(`the directory answered ${response.status}`)
  return response.text()
}
