/**
 * One keep-alive HTTP/1.1 connection of the load generator: a request at a time, answers with a length. It costs about a
 * third of a general client's processor time, which on two shared cores would otherwise be measured as the server's: all
 * connections read into one buffer, texts are latin1 (a character is a byte, so lengths fit), and nothing is parsed but
 * the status and the length.
 */
import { connect, type Socket } from 'node:net'

/** `body` and `headers` are latin1: decode what may hold more than ASCII. */
export type Answer = Readonly<{ status: number; body: string; headers: string }>
/** `fault`: the line was cut, and nobody knows what became of the request. */
export type Answered = (answer: Answer | undefined, fault?: Error) => void

export type Asked = Readonly<{ method: string; path: string; headers?: string; body?: string }>

/** Larger answers come in pieces, and every piece costs a turn. */
const readBytes = 256 * 1024
/** One for all: the system reads and tells us before it reads for the next connection. */
const sharedBuffer = Buffer.allocUnsafeSlow(readBytes)

const headersEnd = '\r\n\r\n'
const lengthName = '\r\ncontent-length: '
const lengthOf = (headers: string): number => {
  const at = headers.indexOf(lengthName)
  if (at >= 0) return Number.parseInt(headers.slice(at + lengthName.length, at + lengthName.length + 12), 10)
  const spelled = headers.search(/\r\ncontent-length: /i)
  return spelled < 0 ? 0 : Number.parseInt(headers.slice(spelled + lengthName.length), 10)
}

/** Takes answers out of a stream of pieces; a piece may end anywhere. */
export class AnswerReader {
  #received = ''

  /** @returns the answer that this piece completes, if it does. */
  take(piece: string): Answer | undefined {
    const text = this.#received === '' ? piece : this.#received + piece
    const end = text.indexOf(headersEnd)
    const headers = end < 0 ? '' : text.slice(0, end)
    const whole = end < 0 ? Number.POSITIVE_INFINITY : end + headersEnd.length + lengthOf(headers)
    if (text.length < whole) {
      this.#received = text
      return undefined
    }
    this.#received = text.length === whole ? '' : text.slice(whole)
    return { status: Number(headers.slice(9, 12)), body: text.slice(end + headersEnd.length, whole), headers }
  }

  forget(): void {
    this.#received = ''
  }
}

export class LoadConnection {
  readonly #target: Readonly<{ host: string; port: number }>
  /** The lines that every request carries. */
  readonly head: string
  readonly #reader = new AnswerReader()
  #socket: Socket | undefined
  #waiting: Answered | undefined

  /** @param headers lines that every request carries, each ended by CRLF */
  constructor(url: string, headers: string) {
    const { hostname, port } = new URL(url)
    this.#target = { host: hostname, port: Number(port) }
    this.head = `host: ${hostname}:${port}\r\n${headers}`
  }

  /** Rejects when the line is cut; the next request opens a new one. */
  request({ method, path, headers = '', body }: Asked): Promise<Answer> {
    const length = body === undefined ? '' : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`
    const text = `${method} ${path} HTTP/1.1\r\n${this.head}${headers}${length}\r\n${body ?? ''}`
    return new Promise((resolve, reject) => {
      this.send(text, (answer, fault) => (answer === undefined ? reject(fault ?? new Error('no answer')) : resolve(answer)), 'utf8')
    })
  }

  /** The cheap way: a whole request as text, and a function that hears the answer. */
  send(text: string, answered: Answered, encoding: 'latin1' | 'utf8' = 'latin1'): void {
    if (this.#waiting !== undefined) throw new Error('a connection carries one request at a time')
    this.#waiting = answered
    this.#open().write(text, encoding)
  }

  close(): void {
    this.#socket?.destroy()
  }

  #open(): Socket {
    if (this.#socket !== undefined) return this.#socket
    const onread = {
      buffer: sharedBuffer,
      callback: (count: number): boolean => {
        this.#read(sharedBuffer.toString('latin1', 0, count))
        return true
      },
    }
    const socket = connect({ ...this.#target, noDelay: true, onread })
    const lost = (fault?: Error): void => {
      if (this.#socket !== socket) return
      this.#socket = undefined
      this.#reader.forget()
      this.#tell(undefined, fault ?? new Error('the server closed the connection'))
    }
    socket.on('error', lost)
    socket.on('close', () => lost())
    this.#socket = socket
    return socket
  }

  #read(piece: string): void {
    const answer = this.#reader.take(piece)
    if (answer !== undefined) this.#tell(answer)
  }

  #tell(answer: Answer | undefined, fault?: Error): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.(answer, fault)
  }
}
