export { http, type HttpSinkOptions } from './http/http.ts'
export { file, type FileSinkOptions } from './file/file.ts'
export { type ClaimFolderOptions, claimFolder } from './file/claim-folder.ts'
export type { FileCut, FileWritten, HttpAnswered } from './channels.ts'
