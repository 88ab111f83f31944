/** Structured logs: one JSON line a fact worth telling, on standard error, so that standard output stays a command's answer. */
import { pino } from 'pino'

export type Logger = Pick<pino.Logger, 'info' | 'warn' | 'error' | 'debug'>

export const createLog = (level: string): pino.Logger =>
  pino({ level, serializers: { fault: pino.stdSerializers.err }, base: null }, pino.destination({ fd: 2, sync: true }))

export const silentLog: Logger = pino({ level: 'silent' })
