export { type CommitFault, MemoryDisk, type MemoryDiskOptions } from './memory-disk.ts'
export { type MemoryLogOptions, openMemoryLog } from './memory-log.ts'
