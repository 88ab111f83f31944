/**
 * The open loop: buyers come when they come, whatever the server does. A latency counts from the moment a buyer was due,
 * so a server that stands still makes everybody wait who came meanwhile.
 */
import { type AskedOf, type Loaded, type Seen, sharedClock } from './asked.ts'
import type { LoadConnection } from './connection.ts'
import { anySku, idIn, pairRequest, uniqueKeys } from './requests.ts'
import { insist, Tally } from './tally.ts'

/** How often we look who is due: what a timer can do. Being late by it counts as latency. */
const tickMs = 1

/** Gaps are exponential: buyers do not know of each other. */
const arrivals = (perSecond: number, seconds: number): Float64Array => {
  const times: number[] = []
  for (let at = gap(perSecond); at < seconds * 1_000; at += gap(perSecond)) times.push(at)
  return Float64Array.from(times)
}
const gap = (perSecond: number): number => (-Math.log(1 - Math.random()) * 1_000) / perSecond

export const placeWhenDue = (asked: AskedOf<'open'>, connections: readonly LoadConnection[]): Promise<Loaded> =>
  new Promise((resolve, reject) => {
    const keys = uniqueKeys()
    const due = arrivals(asked.perSecond, asked.seconds)
    const tally = new Tally(201)
    const seen: Seen[] = []
    const free = connections.map((connection) => ({ connection, pair: pairRequest(connection) }))
    const start = performance.now()
    let next = 0
    let answered = 0
    const send = (dueAt: number): void => {
      const one = free.pop()
      if (one === undefined) return
      next += 1
      insist(one.connection, one.pair(keys(), anySku(asked), anySku(asked)), tally, (answer, fault) => {
        if (answer === undefined) return fail(fault ?? new Error('no answer'))
        if (tally.take(answer, dueAt)) {
          tally.done += 1
          seen.push([idIn(answer.body), sharedClock()])
        }
        answered += 1
        free.push(one)
        sendDue()
      })
    }
    const sendDue = (): void => {
      const now = performance.now()
      for (let at = due[next]; at !== undefined && start + at <= now && free.length > 0; at = due[next]) send(start + at)
      if (answered === due.length) {
        clearInterval(timer)
        resolve({ ...tally.loaded(), seen })
      }
    }
    const timer = setInterval(sendDue, tickMs)
    const fail = (fault: Error): void => {
      clearInterval(timer)
      reject(fault)
    }
  })
