/** `waybill simulate` on real orders of the past: compared in a table and as JSON, and not a row of the shop is touched. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { PolicyFigures } from '../../src/insights/simulation-figures.ts'
import type { SimulationAnswer } from '../../src/insights/simulation-job.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { dumpOf } from '../support/dump.ts'
import { runCli, sampleFile } from './cli-run.ts'

describe('waybill simulate', () => {
  let database: TestDatabase
  let imported: number
  const folder = mkdtempSync(join(tmpdir(), 'waybill-simulate-'))
  const file = (name: string, content: string): string => {
    const path = join(folder, name)
    writeFileSync(path, content)
    return path
  }
  before(async () => {
    database = await testDatabase()
    const { code, json, stderr } = await runCli(database.url, [
      'import',
      'orders',
      sampleFile,
      '--json',
      '--rejected',
      join(folder, 'rejected.csv'),
    ])
    assert.equal(code, 0, stderr)
    imported = Number(json()['orders'])
  })
  after(async () => {
    await database.drop()
    rmSync(folder, { recursive: true, force: true })
  })
  const run = (...args: readonly string[]) => runCli(database.url, ['simulate', ...args])
  const answered = async (...args: readonly string[]): Promise<SimulationAnswer> => {
    const { code, json, stderr } = await run(...args, '--json')
    assert.equal(code, 0, stderr)
    return json() as unknown as SimulationAnswer
  }
  const first = ({ policies: [figures] }: SimulationAnswer): PolicyFigures => {
    assert.ok(figures !== undefined)
    return figures
  }
  const refused = async (...args: readonly string[]): Promise<string> => {
    const { code, stderr } = await run(...args)
    assert.equal(code, 2, stderr)
    return stderr
  }

  it('compares four policies in a table, and changes no row of any table', async () => {
    const before = await dumpOf(database.config)
    assert.ok(before.size > 30)
    const { code, stdout, stderr } = await run()
    assert.equal(code, 0, stderr)
    assert.deepEqual(await dumpOf(database.config), before)
    for (const policy of ['cheapest@1', 'closest@1', 'fastest@1', 'fewestSplits@1'])
      assert.match(stdout, new RegExp(`^ {2}${policy} +[\\d,]+\\.\\d\\d +\\d+\\.\\d\\d +\\d\\.\\d{3} +\\d+\\.\\d `, 'm'))
    assert.match(stdout, /the demo's 5 warehouses/)
    assert.match(stdout, /made up: 1 × what these orders ask for/)
  })

  it('gives the same figures for the same question', async () => {
    const question = ['--orders', 'last:60', '--policy', 'cheapest', 'closest', '--stock']
    const asked = [...question, 'fill=0.7,seed=5']
    const answer = await answered(...asked)
    assert.deepEqual(await answered(...asked), answer)
    assert.equal(answer.orders, 60)
    const { units } = first(answer)
    assert.ok(units.unfilled > 0.2 * units.asked, `${units.unfilled} of ${units.asked}`)
    assert.notDeepEqual(await answered(...question, 'fill=0.7,seed=6'), answer)
  })

  it('writes down what each order comes to, which adds up to the differences', async () => {
    const path = join(folder, 'differences.ndjson')
    const answer = await answered('--differences', path, '--policy', 'cheapest', '--policy', 'closest')
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    assert.ok(answer.orders > 0.9 * imported && answer.orders <= imported)
    assert.equal(lines.length, answer.orders)
    const costs = lines.map((line) => {
      const { policies } = JSON.parse(line) as { policies: Record<string, { cost: number }> }
      return (policies['closest@1']?.cost ?? 0) - (policies['cheapest@1']?.cost ?? 0)
    })
    assert.equal(
      costs.reduce((sum, cost) => sum + cost, 0),
      answer.differences[0]?.cost,
    )
    assert.equal(costs.filter((cost) => cost > 0).length, answer.differences[0]?.dearer)
  })

  it('says what a warehouse less or more would cost, another tariff, and a policy from a file', async () => {
    const asked = ['--orders', 'last:80', '--stock', 'ample', '--policy', 'cheapest']
    const cost = async (...more: readonly string[]): Promise<number> => first(await answered(...asked, ...more)).cost.total
    const [withMore, without] = [await cost('--open', 'NCL=NE1'), await cost('--close', 'GLA1', 'LDS1')]
    assert.ok(withMore < without, `${withMore} < ${without}`)
    const dearer = file(
      'dearer.json',
      JSON.stringify({ close: ['GLA1', 'LDS1'], transfer: { fixedCents: 1, perKgCents: 1, transit: [{ upToKm: null, days: 1 }] } }),
    )
    assert.equal(await cost('--network', dearer), without)
    const policy = file('far.json', JSON.stringify({ name: 'far', weights: { money: 1 }, filters: { warehouses: ['GLA1'] } }))
    const { differences, policies } = await answered(...asked, policy)
    assert.deepEqual(
      policies.map((each) => each.policy),
      ['cheapest@1', 'far'],
    )
    assert.ok((differences[0]?.cost ?? 0) > 0)
    assert.deepEqual(
      policies[1]?.load.flatMap(({ warehouse, parcels }) => (parcels > 0 ? [warehouse] : [])),
      ['GLA1'],
    )
  })

  it('takes ranges of days and of numbers, both ends included', async () => {
    const fast = ['--policy', 'closest', '--stock', 'ample']
    const all = await answered(...fast, '--orders', '2010-12-01..')
    const [from, to] = [all.from.slice(0, 10), all.to.slice(0, 10)]
    assert.equal((await answered(...fast, '--orders', `${from}..${to}`)).orders, all.orders)
    const day = await answered(...fast, '--orders', `..${from}`)
    assert.ok(day.orders > 0 && day.orders < all.orders)
    assert.equal(day.to.slice(0, 10), from)
    const { orders, withoutUnits } = await answered(...fast, '--orders', '1001..1010')
    assert.ok(orders + withoutUnits <= 10 && orders > 0)
  })

  it('says what is wrong with what it is asked, and how to mend it', async () => {
    assert.match(await refused('--orders', 'yesterday'), /--orders yesterday: say last:5000, days like/)
    assert.match(await refused('--orders', '2030-01-01..2030-02-01'), /no order is in that range/)
    assert.match(await refused('--close', 'nowhere'), /there is no warehouse nowhere; there are LDS1/)
    assert.match(await refused('--differences', join(folder, 'no', 'such', 'folder')), /cannot be written/)
  })

  it('sends nothing from stock that there is not', async () => {
    const answer = await answered('--orders', 'last:20', '--stock', 'current', '--policy', 'cheapest')
    assert.deepEqual([first(answer).unfilled, first(answer).cost.total, first(answer).cost.perOrder], [20, 0, null])
    const stock = file('stock.csv', 'productId,warehouse,quantity\n85123A,LDS1,100000\n')
    const given = first(await answered('--orders', 'last:200', '--stock', stock, '--policy', 'cheapest'))
    assert.ok(given.units.sent > 0 && given.units.sent < given.units.asked)
  })
})
