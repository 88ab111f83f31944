/** Seconds after which a refused caller comes again: one of these by chance, or all would come back at once. */
const retryAfterSeconds = ['1', '2', '3', '4'] as const

export const anyRetryAfter = (): string => retryAfterSeconds[Math.floor(Math.random() * retryAfterSeconds.length)] ?? '1'
