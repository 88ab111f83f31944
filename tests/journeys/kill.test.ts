/**
 * kill -9 in the middle of a crowd, on the real server with its own durable PostgreSQL: what was acknowledged is there once,
 * whoever asks again with his key gets the same order, and the books balance. `WAYBILL_TEST_KILLS=10` and
 * `WAYBILL_TEST_PLACEMENTS=2000` make it the run of the acceptance; the figures are printed.
 */
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Verified, verifyShop } from '../../src/cli/verify.ts'
import { readConfiguration } from '../../src/platform/config/config.ts'
import { silentLog } from '../../src/platform/log.ts'
import { startEmbedded } from '../../src/platform/postgres/embedded.ts'
import { openShop } from '../../src/shop.ts'
import { Crowd, crowded } from '../support/crowd.ts'
import { startProcess, type Server } from '../support/server.ts'

const rounds = Number(process.env['WAYBILL_TEST_KILLS'] ?? 3)
const placements = Number(process.env['WAYBILL_TEST_PLACEMENTS'] ?? 600)
const atOnce = 200
const seed = Number(process.env['WAYBILL_TEST_SEED'] ?? Date.now() % 1_000_000)
const skus = ['mug', 'pen', 'cap']

/** A small generator (mulberry32), so that a run can be repeated by its seed. */
const chance = (() => {
  let state = seed
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
})()

describe(`kill -9 among ${placements} placements, ${rounds} times (seed ${seed})`, () => {
  let folder = ''
  let server: Server
  const figures = { sent: 0, acknowledged: 0, lost: 0, doubled: 0, restartsMs: [] as number[] }
  const begun = performance.now()

  const start = () => startProcess({ environment: { WAYBILL_DATA: folder } })
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'waybill-kill-'))
    chmodSync(folder, 0o755)
    server = await start()
    const crowd = new Crowd(server.url, 1)
    await crowd.ask('PUT', '/v1/warehouses/leeds', { name: 'Leeds', country: 'GB', postalCode: 'LS1' })
    await crowd.ask('PUT', '/v1/warehouses/york', { name: 'York', country: 'GB', postalCode: 'YO1' })
    for (const sku of skus) {
      await crowd.ask('PUT', `/v1/products/${sku}`, { name: sku, unitPrice: 500, currency: 'GBP' })
      for (const warehouse of ['leeds', 'york'])
        await crowd.ask('POST', '/v1/stock/receipts', { sku, warehouse, quantity: 500_000 }, `stock ${sku} ${warehouse}`)
    }
    crowd.close()
  })
  after(async () => {
    server.child.kill('SIGTERM')
    await server.ended
    rmSync(folder, { recursive: true, force: true })
    const seconds = ((performance.now() - begun) / 1000).toFixed(1)
    const { sent, acknowledged, lost, doubled, restartsMs } = figures
    const restarts = restartsMs.map((ms) => (ms / 1000).toFixed(1)).join(', ')
    process.stdout.write(
      `killed ${rounds} times among ${sent} placements: ${acknowledged} acknowledged before the kills, ${lost} lost, ${doubled} doubled; ${seconds} s; up again in ${restarts} s\n`,
    )
  })

  const verified = async (): Promise<Verified> => {
    const embedded = await startEmbedded({ dataFolder: folder, kind: 'cli', say: () => undefined })
    const configuration = readConfiguration({ WAYBILL_DATA: folder })
    assert.ok(!('problems' in configuration))
    const shop = await openShop({
      connection: embedded.connection,
      configuration,
      log: silentLog,
      environment: {},
      baseUrl: () => server.url,
    })
    const found = await verifyShop(shop)
    await shop.close()
    await embedded.stop()
    return found
  }

  for (let round = 1; round <= rounds; round++) {
    it(`loses and doubles nothing, the ${round}. time`, async () => {
      const keys = Array.from({ length: placements }, (_, index) => `kill ${round}/${index}`)
      const lines = new Map(
        keys.map((key) => [
          key,
          skus.slice(0, 1 + Math.floor(chance() * skus.length)).map((sku) => ({ sku, quantity: 1 + Math.floor(chance() * 3) })),
        ]),
      )
      const order = (key: string) => ({
        lines: lines.get(key),
        shippingAddress: { country: 'GB', postalCode: 'LS1 4AP', city: 'Leeds' },
        customer: { email: `${key.replaceAll(/\W/g, '.')}@example.com` },
      })
      const acknowledged = new Map<string, string>()
      const killAfter = Math.floor(placements * (0.2 + chance() * 0.5))
      const crowd = new Crowd(server.url, atOnce)
      await crowded(keys, atOnce, async (key) => {
        if (server.child.killed) return
        figures.sent += 1
        const heard = await crowd.ask('POST', '/v1/orders', order(key), key)
        if (heard === undefined) return
        assert.equal(heard.status, 201, JSON.stringify(heard.body))
        acknowledged.set(key, (heard.body as { id: string }).id)
        if (acknowledged.size === killAfter) server.child.kill('SIGKILL')
      })
      crowd.close()
      assert.equal(await server.ended, 'SIGKILL')
      server = await start()
      figures.restartsMs.push(server.startedInMs)
      figures.acknowledged += acknowledged.size

      const retried = new Map<string, string>()
      const again = new Crowd(server.url, atOnce)
      for (const time of [1, 2]) {
        await crowded(keys, atOnce, async (key) => {
          const heard = await again.ask('POST', '/v1/orders', order(key), key)
          assert.equal(heard?.status, 201, JSON.stringify(heard))
          const { id } = heard.body as { id: string }
          if (acknowledged.has(key) && (acknowledged.get(key) !== id || !heard.replayed)) figures.lost += 1
          if (time === 2) assert.equal(retried.get(key), id, 'a second retry got another order')
          retried.set(key, id)
        })
      }
      again.close()
      assert.equal(figures.lost, 0)
      assert.equal(new Set(retried.values()).size, placements, 'two keys share an order')
      const { differences, orders } = await verified()
      figures.doubled += orders - round * placements
      assert.deepEqual(differences, [])
      assert.equal(orders, round * placements, 'each key has one order, and there are no others')
    })
  }
})
