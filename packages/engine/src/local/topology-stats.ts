/** What is counted of a topology as a whole, since its start. */
export class TopologyStats {
  /** Commits, or epochs. */
  commits = 0
  /** Trees that are done, and how long they took in all, in milliseconds. */
  completed = 0
  completedMs = 0
}
