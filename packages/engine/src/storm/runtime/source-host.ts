/** What runs a task of a spout. */
export interface SourceHost {
  acked(id: string): void
  failed(id: string): void
  /** Storm wants tuples, from here on or no more. What is under way goes on. */
  activate(active: boolean): void
}
