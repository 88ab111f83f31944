/** Whether a network can work: every fault at once, each with the pointer to its field and how to mend it. Pure. */
import type { FieldProblem } from '../kernel/problem.ts'
import type { Day } from '../kernel/ids.ts'
import { dayNumber, dayText, minutesOf, weekdays } from './calendar.ts'
import { regionFault } from './holidays-store.ts'
import type { DaysByDistance, DeliveryService, LaneTimes, Network, Warehouse, WeightStep } from './network.ts'

type Wrong = (pointer: string, code: string, detail: string) => void

/** Empty: the network can be sourced over. */
export const networkFaults = (network: Network): readonly FieldProblem[] => {
  const faults: FieldProblem[] = []
  const wrong: Wrong = (pointer, code, detail) => void faults.push({ pointer, code, detail })
  const { warehouses, delivery, transfer, overrides } = network
  if (warehouses.length === 0) wrong('/warehouses', 'required', 'a network needs a warehouse')
  const ids = new Set<string>()
  warehouses.forEach((warehouse, w) => {
    if (ids.has(warehouse.id)) wrong(`/warehouses/${w}/id`, 'duplicate', `warehouse ${warehouse.id} is there twice`)
    ids.add(warehouse.id)
    checkWarehouse(warehouse, `/warehouses/${w}`, wrong)
  })
  if (delivery.length === 0) wrong('/delivery', 'required', 'nothing can be sent without a delivery service')
  delivery.forEach((service, s) => {
    const at = `/delivery/${s}`
    if (delivery.findIndex(({ id }) => id === service.id) !== s)
      wrong(`${at}/id`, 'duplicate', `service ${service.id} is there twice`)
    checkService(service, at, wrong)
    for (const warehouse of warehouses) {
      if (warehouse.workdays.some((day) => service.pickupDays.includes(day))) continue
      wrong(`${at}/pickupDays`, 'never', `${service.id} never collects while ${warehouse.id} is open`)
    }
  })
  checkDistances(transfer.transit, '/transfer/transit', wrong)
  checkTimes(transfer, '/transfer', wrong)
  overrides.forEach((lane, k) => {
    const at = `/overrides/${k}`
    for (const end of ['from', 'to'] as const)
      if (!ids.has(lane[end])) wrong(`${at}/${end}`, 'warehouse_unknown', `lane ${lane.from} to ${lane.to}: no such warehouse`)
    if ('closed' in lane) return
    if (lane.from === lane.to) wrong(`${at}/to`, 'contradiction', 'a lane leads to another place')
    checkTimes(lane, at, wrong)
  })
  warehouses.forEach((warehouse, w) => {
    const listed = overrides.flatMap((lane) => ('closed' in lane || lane.from !== warehouse.id ? [] : [lane.departureDays]))
    for (const departureDays of [transfer.departureDays, ...listed]) {
      if (departureDays === undefined || warehouse.workdays.some((day) => departureDays.includes(day))) continue
      wrong(`/warehouses/${w}/workdays`, 'never', `a lane never leaves ${warehouse.id} while it is open: see departureDays`)
    }
  })
  return faults
}

/** The network contradicts itself; found when it is loaded, not when an order comes. */
export const checkNetwork = (network: Network): void => {
  const [first, ...more] = networkFaults(network)
  if (first === undefined) return
  const others = more.length === 0 ? '' : ` (and ${more.length} more)`
  throw new RangeError(`${first.pointer}: ${first.detail ?? first.code}${others}`)
}

const checkWarehouse = (warehouse: Warehouse, at: string, wrong: Wrong): void => {
  const { holidays, closedDays, openDays } = warehouse
  attempt(() => minutesOf(warehouse.cutOff), `${at}/cutOff`, wrong)
  checkWeekdays(warehouse.workdays, `${at}/workdays`, wrong)
  if (!isZone(warehouse.timeZone))
    wrong(`${at}/timeZone`, 'unknown', `there is no time zone ${warehouse.timeZone}: say one like Europe/London`)
  checkDays(closedDays, `${at}/closedDays`, wrong)
  checkDays(openDays, `${at}/openDays`, wrong)
  const both = openDays?.find((day) => closedDays?.includes(day) === true)
  if (both !== undefined) wrong(`${at}/openDays`, 'contradiction', `${both} is both open and closed: leave it out of one of them`)
  if (holidays === undefined || holidays === null) return
  const fault = regionFault(holidays)
  if (fault !== undefined) wrong(`${at}/holidays/${fault.field}`, 'unknown', fault.detail)
}

const checkService = (service: DeliveryService, at: string, wrong: Wrong): void => {
  checkWeekdays(service.pickupDays, `${at}/pickupDays`, wrong)
  checkWeekdays(service.deliveryDays, `${at}/deliveryDays`, wrong)
  if (service.movingDays !== undefined) checkWeekdays(service.movingDays, `${at}/movingDays`, wrong)
  checkDays(service.closedDays, `${at}/closedDays`, wrong)
  checkDistances(service.transit, `${at}/transit`, wrong)
  if (service.steps !== null) checkSteps(service.steps, `${at}/steps`, wrong)
  const open = service.zones?.findIndex(({ countries, postalPrefixes }) => countries === undefined && postalPrefixes === undefined)
  if (service.zones?.length === 0) wrong(`${at}/zones`, 'required', 'without a zone it serves nobody: leave zones out, or name one')
  if (open !== undefined && open >= 0 && open + 1 < (service.zones?.length ?? 0))
    wrong(`${at}/zones/${open + 1}`, 'never_reached', `zone ${open} matches everything before it is asked: put that one last`)
}

const checkTimes = ({ departureDays, movingDays }: LaneTimes, at: string, wrong: Wrong): void => {
  if (departureDays !== undefined) checkWeekdays(departureDays, `${at}/departureDays`, wrong)
  if (movingDays !== undefined) checkWeekdays(movingDays, `${at}/movingDays`, wrong)
}

const checkDistances = (rows: DaysByDistance, at: string, wrong: Wrong): void =>
  checkRows(
    rows.map(({ upToKm }) => upToKm),
    { at, field: 'upToKm', rows: 'transit row' },
    wrong,
  )

const checkSteps = (rows: readonly WeightStep[], at: string, wrong: Wrong): void =>
  checkRows(
    rows.map(({ upToGrams }) => upToGrams),
    { at, field: 'upToGrams', rows: 'weight step' },
    wrong,
  )

type Rows = Readonly<{ at: string; field: string; rows: string }>
const checkRows = (limits: readonly (number | null)[], { at, field, rows }: Rows, wrong: Wrong): void => {
  if (limits.at(-1) !== null) wrong(at, 'open_end', `the last ${rows} must be open (${field} null)`)
  limits.forEach((limit, k) => {
    const before = limits[k - 1]
    if (k === limits.length - 1) return
    if (limit === null) wrong(`${at}/${k}/${field}`, 'never_reached', `only the last ${rows} is open`)
    else if (typeof before === 'number' && limit <= before)
      wrong(`${at}/${k}/${field}`, 'never_reached', `${field} must grow from row to row`)
  })
}

const checkWeekdays = (days: readonly number[], at: string, wrong: Wrong): void => attempt(() => weekdays(days), at, wrong)

const checkDays = (days: readonly Day[] | undefined, at: string, wrong: Wrong): void =>
  days?.forEach((day, k) => {
    const number = dayNumber(day)
    if (Number.isNaN(number) || dayText(number) !== day) wrong(`${at}/${k}`, 'format', `${day} is no day: say it like 2026-12-24`)
  })

const attempt = (read: () => unknown, at: string, wrong: Wrong): void => {
  try {
    read()
  } catch (fault) {
    if (!(fault instanceof RangeError)) throw fault
    wrong(at, 'format', fault.message)
  }
}

const isZone = (timeZone: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone !== ''
  } catch (fault) {
    if (fault instanceof RangeError) return false
    throw fault
  }
}
