/** Every event in a room's contract is in docs/reference/events.md with its fields and who reacts, and nothing else is. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { startWaybill, type Waybill } from '../support/waybill.ts'

const root = join(import.meta.dirname, '..', '..')
/** Where each union of events is written down. */
const unions = {
  OrderEvent: 'src/orders/contract.ts',
  PaymentEvent: 'src/payments/contract.ts',
  FulfilmentEvent: 'src/fulfilment/contract.ts',
  TransferEvent: 'src/fulfilment/contract.ts',
  ParcelEvent: 'src/shipping/contract.ts',
  ReturnEvent: 'src/returns/contract.ts',
  InventoryEvent: 'src/inventory/events.ts',
  NetworkEvent: 'src/inventory/network-change.ts',
  PolicyEvent: 'src/inventory/policy-life.ts',
  CatalogEvent: 'src/catalog/contract.ts',
  UserEvent: 'src/identity/users.ts',
} as const

type Fields = ReadonlyMap<string, string>

/** The type and fields of each member of a union, as a line: `order, lines, via?`. */
const eventsIn = (union: string, text: string): Fields => {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
  const [, body = ''] = code.split(`export type ${union} = Readonly<`)
  const found = new Map<string, string>()
  let depth = 0
  let member = ''
  for (const character of body) {
    if ('{(<['.includes(character)) depth += 1
    if ('})>]'.includes(character)) depth -= 1
    if (depth < 0) break
    // What stands deeper than the member itself is the shape of a field.
    if (depth > 1 || (depth === 1 && character === '}')) member += ' '
    else if (depth === 1) member += character
    else if (character === '}') {
      const fields = [...member.matchAll(/(?:^|[{;\n])\s*(\w+\??):/g)]
        .map(([, name = '']) => name)
        .filter((name) => name !== 'type')
      const types = /type: ((?:'\w+'(?:\s*\|\s*)?)+)/.exec(member)?.[1]?.match(/\w+/g) ?? []
      for (const type of types) found.set(type, fields.join(', '))
      member = ''
    }
  }
  return found
}

const rowsOf = (fields: Fields, reactions: readonly Readonly<{ name: string; on: readonly string[] }>[]): readonly string[] =>
  [...fields].map(([type, names]) => {
    const who = reactions.filter(({ on }) => on.includes(type)).map(({ name }) => name)
    return `\`${type}\` | ${names} | ${who.join(', ')}`
  })

/** The first three columns; the fourth is in words. */
const rowsIn = (page: string): readonly string[] =>
  [...page.matchAll(/^\| (`\w+`) \| ([^|]*) \| ([^|]*) \| [^|]+ \|$/gm)].map(([, type = '', fields = '', who = '']) =>
    [type, fields.replaceAll('`', '').trim(), who.replaceAll('`', '').trim()].join(' | '),
  )

const differences = (real: readonly string[], said: readonly string[]): readonly string[] => [
  ...real.filter((row) => !said.includes(row)).map((row) => `the page lacks: ${row}`),
  ...said.filter((row) => !real.includes(row)).map((row) => `the code lacks: ${row}`),
  ...said.filter((row, index) => said.indexOf(row) !== index).map((row) => `twice: ${row}`),
]

describe('The page of events', () => {
  const page = readFileSync(join(root, 'docs/reference/events.md'), 'utf8')
  let waybill: Waybill
  before(async () => {
    waybill = await startWaybill()
  })
  after(() => waybill.stop())

  const real = (planted = ''): readonly string[] => {
    const fields = Object.entries(unions).map(([union, path]) =>
      eventsIn(union, `${planted}${readFileSync(join(root, path), 'utf8')}`),
    )
    return rowsOf(new Map(fields.flatMap((each) => [...each])), waybill.shop.reactions)
  }

  it('says what the contracts say, event by event', () => {
    assert.ok(real().length > 70, `${real().length} events found`)
    assert.deepEqual(differences(real(), rowsIn(page)), [])
  })

  it('says of every reaction what it waits for', () => {
    const known = new Set(real().map((row) => row.split('`')[1]))
    const unknown = waybill.shop.reactions.flatMap(({ on }) => on).filter((type) => !known.has(type))
    assert.deepEqual(unknown, [])
  })

  it('would notice an event, a field or a reaction that is planted', () => {
    const planted = `export type Planted = Readonly<\n  /** One. */\n  | { type: 'OneDone'; order: A; more?: { deep: string } }\n  | {\n      type: 'TwoDone' | 'SixDone'\n      lines: readonly Readonly<{ line: number }>[]\n      /** Why: so. */\n      why: string\n    }\n>`
    const rows = rowsOf(eventsIn('Planted', planted), [{ name: 'planted.one', on: ['OneDone'] }])
    assert.deepEqual(rows, ['`OneDone` | order, more? | planted.one', '`TwoDone` | lines, why | ', '`SixDone` | lines, why | '])
    assert.equal(differences([...real(), ...rows], rowsIn(page)).length, rows.length)
    assert.equal(differences(real(), [...rowsIn(page), ...rows]).length, rows.length)
  })
})
