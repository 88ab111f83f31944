/**
 * A simulation in a thread of its own, so that a server answers while one runs: a basket of a thousand lines alone would
 * hold the event loop for longer than anybody waiting should feel. This file is both ends: what begins the thread, and what
 * runs in it. The thread has no database and opens nothing; it is handed plain data.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { Deciding } from './simulation-run-service.ts'
import { type SimulatedOrder, Simulation, type SimulationQuestion, type SimulationReport } from './simulation.ts'

/** Stock and tables of eight policies over fifty warehouses take a tenth of this; what takes more is stopped, not the server. */
const heapMegabytesMax = 512

type Asked = readonly SimulatedOrder[] | 'report'
type Told = 'decided' | SimulationReport

export type DecidingThread = Deciding & Readonly<{ stop: () => Promise<void> }>

export const decideInThread = (question: SimulationQuestion): DecidingThread => {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: question,
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytesMax },
  })
  let waiting: Readonly<{ resolve: (told: Told) => void; reject: (fault: Error) => void }> | undefined
  let ended: Error | undefined
  const end = (fault: Error): void => {
    ended ??= fault
    waiting?.reject(ended)
    waiting = undefined
  }
  worker.on('message', (told: Told) => {
    waiting?.resolve(told)
    waiting = undefined
  })
  worker.on('error', end)
  worker.on('exit', () => end(new Error('the thread of the simulation has ended')))
  const ask = (asked: Asked): Promise<Told> =>
    new Promise((resolve, reject) => {
      if (ended !== undefined) return reject(ended)
      waiting = { resolve, reject }
      // Nothing is handed over for good: orders are copied.
      worker.postMessage(asked, [])
    })
  return {
    decide: async (orders) => {
      await ask(orders)
      return []
    },
    report: async () => (await ask('report')) as SimulationReport,
    stop: async () => void (await worker.terminate()),
  }
}

/** In the same thread, for a command that does nothing else meanwhile. */
export const decideHere = (question: SimulationQuestion): Deciding => {
  const simulation = new Simulation(question)
  return {
    decide: async (orders) => orders.map((order) => simulation.decide(order)),
    report: async () => simulation.report(),
  }
}

if (!isMainThread && parentPort !== null && workerData !== null) {
  const port = parentPort
  const simulation = new Simulation(workerData as SimulationQuestion)
  port.on('message', (asked: Asked) => {
    if (asked === 'report') return port.postMessage(simulation.report() satisfies Told)
    for (const order of asked) simulation.decide(order)
    return port.postMessage('decided' satisfies Told)
  })
}
