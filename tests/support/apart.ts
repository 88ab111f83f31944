/**
 * Work in a process of its own. node:test follows every promise of its process, so that work which makes millions of them
 * takes twice as long there; and what does not end by itself can be ended by force.
 */
import { fork } from 'node:child_process'

type Told<Answer> = Readonly<{ line: string } | { answer: Answer }>

/**
 * @param module a file that calls `answering`.
 * @param signal ends the process, as a test's does when the test has timed out.
 * @throws where the process ends without an answer, with the last it said on its standard error.
 */
export const askApart = <Answer>(
  module: string,
  asked: unknown,
  { signal, say = () => undefined }: Readonly<{ signal: AbortSignal; say?: (line: string) => void }>,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const child = fork(module, { stdio: ['ignore', 'inherit', 'pipe', 'ipc'], signal })
    let words = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (words = `${words}${text}`.slice(-4_000)))
    child.on('message', (told: Told<Answer>) => ('line' in told ? say(told.line) : resolve(told.answer)))
    child.once('error', reject)
    child.once('close', (code, ended) => reject(new Error(`${module} ended with ${ended ?? code}:\n${words}`)))
    child.send(asked as object)
  })

/** The other side: takes one question, answers it, and leaves: when nothing is left to do, or at once, by force. */
export const answering = <Asked, Answer>(
  answer: (asked: Asked, say: (line: string) => void) => Promise<Answer>,
  { byForce = false }: Readonly<{ byForce?: boolean }> = {},
): void => {
  const tell = (told: Told<Answer>): Promise<void> =>
    new Promise((resolve, reject) => process.send?.(told, (fault: Error | null) => (fault === null ? resolve() : reject(fault))))
  let isAnswered = false
  process.once('disconnect', () => {
    // Whoever asked is gone: what was started is stopped in order.
    if (!isAnswered) process.kill(process.pid, 'SIGTERM')
  })
  const serve = async (asked: Asked): Promise<void> => {
    const answered = await answer(asked, (line) => void tell({ line }))
    await tell({ answer: answered })
    isAnswered = true
    if (byForce) process.exit(0)
    process.disconnect?.()
  }
  process.once('message', (asked: Asked) => void serve(asked))
}
