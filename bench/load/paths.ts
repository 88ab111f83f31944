/**
 * The load of reads, a process of its own: `paths.ts '{"url", "key", "connections", "seconds", "file"}'` asks for paths of a
 * file, by chance, as fast as it is answered, and prints what it measured as its last line.
 */
import { readFileSync } from 'node:fs'
import type { Loaded } from './asked.ts'
import { LoadConnection } from './connection.ts'
import { Tally } from './tally.ts'

export type PathsAsked = Readonly<{ url: string; key: string; connections: number; seconds: number; file: string }>

const repeat = (connection: LoadConnection, texts: readonly string[], tally: Tally, end: number): Promise<void> =>
  new Promise((resolve, reject) => {
    let since = 0
    const ask = (): void => {
      since = performance.now()
      const text = texts[Math.floor(Math.random() * texts.length)]
      if (since >= end || text === undefined) return resolve()
      connection.send(text, (answer, fault) => {
        if (answer === undefined) return reject(fault ?? new Error('no answer'))
        if (tally.take(answer, since)) tally.done += 1
        ask()
      })
    }
    ask()
  })

const run = async ({ url, key, connections: count, seconds, file }: PathsAsked): Promise<Loaded> => {
  const connections = Array.from({ length: count }, () => new LoadConnection(url, `authorization: Bearer ${key}\r\n`))
  const head = connections[0]?.head ?? ''
  const texts = readFileSync(file, 'latin1')
    .split('\n')
    .map((path) => `GET ${path} HTTP/1.1\r\n${head}\r\n`)
  const tally = new Tally(200)
  const end = performance.now() + seconds * 1_000
  await Promise.all(connections.map((connection) => repeat(connection, texts, tally, end)))
  for (const connection of connections) connection.close()
  return tally.loaded()
}

process.stdout.write(`${JSON.stringify(await run(JSON.parse(process.argv[2] ?? '{}') as PathsAsked))}\n`)
