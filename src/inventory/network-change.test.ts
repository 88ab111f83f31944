import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isRefusal, type Refusal } from '../kernel/decider.ts'
import type { Place } from '../kernel/ids.ts'
import type { FieldProblem } from '../kernel/problem.ts'
import { defaults } from '../sourcing/contract.ts'
import { site } from '../../tests/support/site.ts'
import { changeNetwork, type NetworkChange, type NetworkCommand, type NetworkState } from './network-change.ts'
import type { NetworkSettings } from './network.ts'
import { type WarehouseView, wholeWarehouse } from './warehouse.ts'

const warehouse = (id: string, more: Partial<WarehouseView> = {}): WarehouseView => ({ ...site(id, 'LS1', 53.8, -1.5), ...more })
const leeds = wholeWarehouse(warehouse('LDS'))
const there: NetworkState = { warehouses: [leeds], settings: { lanes: 'listed' } }

const changed = (state: NetworkState, command: NetworkCommand): NetworkChange => {
  const change = changeNetwork(state, command)
  assert.ok(!isRefusal(change), JSON.stringify(change))
  return change
}
const faults = (state: NetworkState, command: NetworkCommand): readonly string[] => {
  const { refused, about } = changeNetwork(state, command) as Refusal
  assert.equal(refused, 'network_invalid')
  const { errors } = about as { errors: readonly FieldProblem[] }
  return errors.map(({ pointer, code }) => `${pointer} ${code}`)
}
const warehouses = (...said: readonly WarehouseView[]): NetworkCommand => ({ do: 'set warehouses', warehouses: said })
const carriage = (settings: NetworkSettings): NetworkCommand => ({ do: 'set carriage', settings })

describe('A change of the network', () => {
  it('says what was and what is, of those that differ', () => {
    const later = { ...leeds, cutOff: '16:00' }
    const london = wholeWarehouse(warehouse('LON'))
    assert.deepEqual(changed(there, warehouses(later, warehouse('LON'))), {
      warehouses: [later, london],
      facts: [
        { type: 'WarehouseChanged', warehouse: 'LDS', was: leeds, is: later },
        { type: 'WarehouseAdded', warehouse: 'LON', is: london },
      ],
    })
    assert.deepEqual(changed(there, carriage({})), {
      warehouses: [],
      settings: {},
      facts: [{ type: 'CarriageChanged', was: { lanes: 'listed' }, is: {} }],
    })
  })

  it('is none where it says what is so already, in whatever order and with or without what may be left out', () => {
    const nothing = { warehouses: [], facts: [] }
    const { id, ...rest } = warehouse('LDS')
    assert.deepEqual(changed(there, warehouses({ ...rest, id })), nothing)
    assert.deepEqual(changed(there, carriage({ lanes: 'listed' })), nothing)
  })

  it('is refused at the field, counted where there are several', () => {
    const nowhere = warehouse('YRK', { timeZone: 'Europe/York' })
    assert.deepEqual(faults(there, warehouses(nowhere)), ['/timeZone unknown'])
    assert.deepEqual(faults(there, warehouses(warehouse('LON'), nowhere)), ['/1/timeZone unknown'])
    const lane = { from: 'LDS' as Place, to: 'LON' as Place, fixedCents: 1, perKgCents: 0, days: 1 }
    assert.deepEqual(faults(there, carriage({ overrides: [lane] })), ['/overrides/0/to warehouse_unknown'])
  })

  it('answers for nothing that is wrong already', () => {
    const wrong: NetworkState = { warehouses: [{ ...leeds, timeZone: 'Europe/Leeds' }], settings: {} }
    assert.equal(changed(wrong, warehouses(warehouse('LON'))).facts.length, 1)
  })

  it('answers for nothing that is wrong of another place, wherever that stands in the list', () => {
    // Vans leave on Mondays only, when York is closed.
    const settings = { transfer: { ...defaults.transfer, departureDays: [1] } }
    const york = wholeWarehouse(warehouse('YRK', { workdays: [2, 3] }))
    assert.deepEqual(faults({ warehouses: [leeds], settings }, warehouses(york)), ['/workdays never'])
    const wrong: NetworkState = { warehouses: [leeds, york], settings }
    assert.equal(changed(wrong, warehouses({ ...leeds, cutOff: '16:00' })).facts.length, 1)
  })

  it('places warehouses anew and leaves all else about them as it is', () => {
    const own = { ...leeds, cutOff: '16:00', holidays: null, unitsPerDay: 9 }
    const at = { name: 'Leeds', country: 'GB', postalCode: 'LS2', latitude: 53.81, longitude: -1.54 }
    const placed: NetworkCommand = {
      do: 'place warehouses',
      warehouses: [
        { ...at, id: 'LDS' as Place },
        { ...at, id: 'NEW' as Place },
      ],
    }
    assert.deepEqual(changed({ warehouses: [own], settings: {} }, placed).warehouses, [
      { ...own, ...at },
      { ...leeds, ...at, id: 'NEW', holidays: { country: 'GB' } },
    ])
  })

  it('may say tariffs before there is a warehouse', () => {
    assert.equal(changed({ warehouses: [], settings: {} }, carriage({ lanes: 'all' })).facts.length, 1)
  })
})
