/**
 * A line to PostgreSQL that is slow: `pressure-line.ts PATH|PORT MS` hands everything on, the answers so many
 * milliseconds late, and prints where it listens. Ours, and not toxiproxy, because the embedded server listens on a Unix
 * socket only, which toxiproxy does not speak.
 */
import { connect, createServer, type Socket } from 'node:net'
import { onStop } from '../src/platform/process.ts'

const [target = '', delay = '30'] = process.argv.slice(2)
const delayMs = Number(delay)

/** Timers of one length fire in the order in which they were set: nothing overtakes. */
const handOnLate = (from: Socket, to: Socket): void => {
  from.on('data', (bytes) => setTimeout(() => to.writable && to.write(bytes), delayMs))
  from.on('close', () => setTimeout(() => to.destroy(), delayMs))
}

const server = createServer({ noDelay: true }, (client) => {
  const database = connect(/^\d+$/.test(target) ? { port: Number(target), host: '127.0.0.1', noDelay: true } : { path: target })
  for (const socket of [client, database]) socket.on('error', () => socket.destroy())
  client.on('data', (bytes) => database.write(bytes))
  client.on('close', () => database.destroy())
  handOnLate(database, client)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the line listens nowhere')
  process.stdout.write(`http://127.0.0.1:${address.port}\n`)
})
onStop(() => Promise.resolve(void server.close()))
