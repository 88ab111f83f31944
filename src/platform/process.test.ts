import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'

const runScript = join(import.meta.dirname, '..', '..', 'scripts', 'run.mjs')
let folder = ''
let program = ''

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-process-'))
  program = join(folder, 'program.mts')
  writeFileSync(
    program,
    `import { onStop } from ${JSON.stringify(import.meta.resolve('./process.ts'))}
     onStop(async (reason) => { process.stdout.write('stopping: ' + reason + '\\n') })
     if (process.argv[2] === 'fail') process.exit(7)
     setInterval(() => {}, 1000)
     process.stdout.write('ready ' + process.argv.slice(2).join(' ') + '\\n')`,
  )
})
after(() => rmSync(folder, { recursive: true, force: true }))

/** The program under `scripts/run.mjs`; `words` is all it printed once its output has closed, whoever held it. */
const start = (...args: string[]): Readonly<{ wrapper: ChildProcess; ready: Promise<unknown>; words: Promise<string> }> => {
  const wrapper = spawn(process.execPath, [runScript, program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  wrapper.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
  return { wrapper, ready: once(wrapper.stdout, 'data'), words: once(wrapper.stdout, 'close').then(() => printed) }
}

describe('A process of ours', () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`stops in order on ${signal} through its wrapper, once however often it comes`, async () => {
      const { wrapper, ready, words } = start('one', 'two words')
      await ready
      const exited = once(wrapper, 'exit')
      wrapper.kill(signal)
      wrapper.kill(signal)
      assert.deepEqual(await exited, [0, null])
      assert.equal(await words, `ready one two words\nstopping: ${signal}\n`)
    })
  }

  it('stops in order when its wrapper is killed hard', async () => {
    const { wrapper, ready, words } = start()
    await ready
    wrapper.kill('SIGKILL')
    assert.match(await words, /stopping: parent gone\n$/)
  })

  it('hands its exit code up', async () => {
    const { wrapper } = start('fail')
    assert.deepEqual(await once(wrapper, 'exit'), [7, null])
  })
})
