/** The server as a process: however it is ended, no process and no lock file is left, and the next start is quick. */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import {
  postmasterOf,
  processes,
  processesIn,
  type Server,
  type ServerOptions,
  serverPid,
  startProcess,
} from '../support/server.ts'

/** The promise is three seconds on a machine of its own; here other tests run on its two cores at the same time. */
const secondStartMaxMs = 6_000
const skip = process.platform === 'linux' ? false : 'looks into /proc'

describe('A server', { skip }, () => {
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'waybill-start-'))
    chmodSync(folder, 0o755)
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const data = (): string => join(folder, 'data')
  const start = (more: Partial<ServerOptions> = {}): Promise<Server> =>
    startProcess({ environment: { WAYBILL_DATA: data() }, ...more })
  const answers = async ({ url }: Server): Promise<void> => assert.equal((await fetch(`${url}/readyz`)).status, 200)
  const isAlive = (pid: number): boolean => processes().some((listed) => listed.pid === pid)
  /** Ends by itself: looked at again and again, as nobody tells us of a process that is not our child. */
  const gone = async (...pids: readonly number[]): Promise<void> => {
    const end = performance.now() + 10_000
    while (pids.some(isAlive)) {
      if (performance.now() > end) assert.fail(`still there: ${pids.filter(isAlive).join(', ')}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const assertNothingLeft = (): void => {
    assert.deepEqual(processesIn(data()), [])
    for (const name of ['owner.pid', 'starting.lock', 'postgres/postmaster.pid'])
      assert.equal(existsSync(join(data(), name)), false, name)
    assert.deepEqual(readdirSync(join(data(), 'joined')), [])
  }

  it('makes its database on the first start, and stops on SIGTERM', async () => {
    const server = await start()
    await answers(server)
    server.child.kill('SIGTERM')
    assert.equal(await server.ended, 0)
    assert.match(server.said(), /stopped cleanly/)
    assertNothingLeft()
  })

  it('is there again soon, and is stopped by Ctrl-C to it alone', async () => {
    const server = await start()
    assert.ok(server.startedInMs < secondStartMaxMs, `${Math.round(server.startedInMs)} ms`)
    server.child.kill('SIGINT')
    assert.equal(await server.ended, 0)
    assertNothingLeft()
  })

  it('stops when only its wrapper is told to', async () => {
    const server = await start({ through: 'wrapper' })
    const node = serverPid(server)
    assert.notEqual(node, server.child.pid)
    server.child.kill('SIGTERM')
    assert.equal(await server.ended, 0)
    await gone(node)
    assertNothingLeft()
  })

  it('stops when its wrapper is killed', async () => {
    const server = await start({ through: 'wrapper' })
    const node = serverPid(server)
    const postgres = postmasterOf(data()) ?? 0
    server.child.kill('SIGKILL')
    await server.ended
    await gone(node, postgres)
    assertNothingLeft()
  })

  it('stops on Ctrl-C, which a terminal sends to the whole group', async () => {
    const server = await start({ through: 'wrapper', group: true })
    const node = serverPid(server)
    process.kill(-(server.child.pid ?? 0), 'SIGINT')
    assert.equal(await server.ended, 0)
    await gone(node)
    assertNothingLeft()
  })

  it('starts over what a killed one left running, soon too', async () => {
    const killed = await start()
    const orphan = postmasterOf(data()) ?? 0
    killed.child.kill('SIGKILL')
    await killed.ended
    assert.ok(isAlive(orphan))
    const server = await start()
    assert.ok(server.startedInMs < secondStartMaxMs, `${Math.round(server.startedInMs)} ms`)
    assert.equal(isAlive(orphan), false)
    await answers(server)
    server.child.kill('SIGTERM')
    await server.ended
    assertNothingLeft()
  })

  it('starts anew where its folder was deleted under an orphan that still runs', async () => {
    const killed = await start()
    const orphan = postmasterOf(data()) ?? 0
    killed.child.kill('SIGKILL')
    await killed.ended
    rmSync(data(), { recursive: true, force: true })
    assert.ok(isAlive(orphan))
    const server = await start()
    assert.equal(isAlive(orphan), false)
    await answers(server)
    server.child.kill('SIGTERM')
    assert.equal(await server.ended, 0)
    assertNothingLeft()
  })

  it('says why where its port is taken, and leaves nothing', async () => {
    const first = await start()
    const other = join(folder, 'other')
    const second = startProcess({ environment: { WAYBILL_DATA: other, PORT: new URL(first.url).port } })
    await assert.rejects(second, /EADDRINUSE/)
    assert.deepEqual(processesIn(other), [])
    first.child.kill('SIGTERM')
    await first.ended
    assertNothingLeft()
  })
})
