/** Makes times sort as text, also those before 1970: they get 16 digits each. */
const epoch = 5e15
const digits = 16

/** A time in milliseconds as text that sorts as times do. */
export const timeText = (time: number): string => String(Math.floor(time) + epoch)

/** The time that `text` has from `at` on. */
export const timeAt = (text: string, at: number): number => Number(text.slice(at, at + digits)) - epoch

/** What comes behind that time and the character after it. */
export const behindTime = (text: string, at: number): string => text.slice(at + digits + 1)
