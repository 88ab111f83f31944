/** A line to PostgreSQL that a test can cut, or put words on, at the very moment of a commit. */
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EmbeddedConnection } from '../../src/platform/postgres/embedded.ts'

export type Trouble =
  | 'none'
  /** The line goes dead before the server hears of it. */
  | 'cut before it is sent'
  /** The server does it, and the line goes dead before it can say so. */
  | 'cut before the answer'
  /** The server says done, with the warning of a cancelled wait for its standby (PROMISES §1.1). */
  | 'warning'

export type Line = Readonly<{
  connection: EmbeddedConnection
  trouble: (next: Trouble, at?: string) => void
  close: () => Promise<void>
}>

const warning = (): Buffer => {
  const fields = ['SWARNING', 'VWARNING', 'C01000', 'Mcanceling wait for synchronous replication due to user request']
  const body = Buffer.from(`${fields.map((field) => `${field}\0`).join('')}\0`)
  const head = Buffer.alloc(5)
  head.write('N')
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

/** @param server a cluster that listens on a Unix socket. */
export const troubledLine = async (server: EmbeddedConnection): Promise<Line> => {
  const folder = mkdtempSync(join(tmpdir(), 'line-'))
  let trouble: Trouble = 'none'
  let words = 'commit'
  const open = new Set<Socket>()
  const proxy = createServer((client) => {
    const database = connect(join(server.host, `.s.PGSQL.${server.port}`))
    let armed = false
    for (const socket of [client, database]) {
      open.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => open.delete(socket))
    }
    client.on('close', () => database.end())
    database.on('close', () => client.destroy())
    client.on('data', (bytes) => {
      if (trouble !== 'none' && bytes.includes(words)) {
        if (trouble === 'cut before it is sent') {
          trouble = 'none'
          client.destroy()
          return
        }
        armed = true
      }
      database.write(bytes)
    })
    database.on('data', (bytes) => {
      // The saving statement and the commit leave together, and each has its answer.
      const isAnswer = words !== 'commit' || bytes.includes('COMMIT')
      if (!armed || !isAnswer) return void client.write(bytes)
      armed = false
      const now = trouble
      trouble = 'none'
      if (now === 'warning') client.write(Buffer.concat([warning(), bytes]))
      else client.destroy()
    })
  })
  await new Promise<void>((resolve) => proxy.listen(join(folder, `.s.PGSQL.${server.port}`), resolve))
  return {
    connection: { ...server, host: folder },
    trouble: (next, at = 'commit') => {
      trouble = next
      words = at
    },
    close: async () => {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => proxy.close(resolve))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
