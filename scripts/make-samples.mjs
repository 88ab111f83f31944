/**
 * Makes everything in `data/` from the real data in `../shared/data` (its README names sources and licences). The output
 * is committed; the same input gives the same bytes. Needs Node 24 and the packages.
 *
 *   node scripts/make-samples.mjs [FOLDER]      writes data/ and prints what the demo may expect
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { stableHash } from '../src/imports/addresses.ts'
import { addressBookIn, readCsvRows } from '../src/imports/files-store.ts'
import { readRetailHistory } from '../src/imports/online-retail-service.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const source = process.argv[2] ?? join(root, '../shared/data')
const target = join(root, 'data')
const ordersFile = join(source, 'online-retail-2010-12_2011-06.csv.gz')

// --- What the lead tunes -------------------------------------------------------------------------------------------
/** Sample orders by their number of product lines; 500 in all. Small baskets fit one warehouse, long ones seldom do. */
const baskets = [
  { least: 1, most: 1, orders: 80 },
  { least: 2, most: 2, orders: 85 },
  { least: 3, most: 3, orders: 75 },
  { least: 4, most: 5, orders: 95 },
  { least: 6, most: 8, orders: 80 },
  { least: 9, most: 12, orders: 55 },
  { least: 13, most: 40, orders: 30 },
]
/** Pieces of one product on one line, pounds of one order: beyond it is wholesale. */
const quantityMax = 96
const totalMinorMax = 100_000
/** How far orders with these marks move up in the draw (0 to 1): there are few of them. */
const drawBonus = { star: 0.2, abroad: 0.15 }
const star = '85123A'
/** Orders with cancellations of their own in the file: wholly cancelled on their day, partly, returned later. */
const reversed = { whollyCancelled: 14, partlyCancelled: 6, returned: 10 }

/** Where a product lies: the chance that a warehouse stocks it, drawn in this order, at most `placesMax` of them. */
const warehouses = [
  { warehouse: 'LDS1', name: 'Leeds', postcode: 'LS10', share: 0.92 },
  { warehouse: 'LON1', name: 'London', postcode: 'NW10', share: 0.6 },
  { warehouse: 'BHX1', name: 'Birmingham', postcode: 'B6', share: 0.35 },
  { warehouse: 'GLA1', name: 'Glasgow', postcode: 'G51', share: 0.25 },
  { warehouse: 'BRS1', name: 'Bristol', postcode: 'BS11', share: 0.25 },
]
const placesMax = 3
/** Of the products in two orders or more: short and resupplied (backorders), short for good (lines or orders cancelled). */
const shortShare = { supplied: 0.08, denied: 0.08 }
/** A short product lacks the units of this many of its last sample orders; what the first one wants is always there. */
const shortOrders = 2
const preorderProducts = 6
/** Left over at each place beyond the sample's whole demand: of an ordinary product at least, at most; of the star. */
const spare = { least: 5, most: 60, star: 150 }
const importLines = 3000
/** Orders of which the demo could have nothing at all: every sample order shall have a plan. */
const leftOut = new Set(['539265', '554130', '555724'])
// -------------------------------------------------------------------------------------------------------------------

const draw = (what, key) => stableHash(`${what}:${key}`) / 2 ** 32
const byDraw = (what, keyOf) => (a, b) => draw(what, keyOf(a)) - draw(what, keyOf(b))
const byText = (a, b) => (a < b ? -1 : 1)
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0)
const cell = (value) => (/[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value))
const write = (name, lines, end = '\n') => {
  writeFileSync(join(target, name), lines.map((line) => line + end).join(''))
  console.log(`data/${name}: ${lines.length - 1} rows`)
}
const writeCsv = (name, header, rows) => write(name, [header, ...rows.map((row) => row.map(cell).join(','))])
const table = (name) => parse(readFileSync(join(source, name)), { bom: true, columns: true })

const makePlaces = () => {
  const own = new Set(['GG', 'IM', 'JE'])
  // Half the codes have no town of their own: the region is what a letter would say. Our reader splits at commas.
  const city = ({ town, region }) =>
    (town || region)
      .replace(/\+F\d+/, '')
      .split(',')[0]
      .trim()
  const outward = table('uk-outward-codes.csv').map((row) => [
    row.postcode,
    row.latitude,
    row.longitude,
    city(row),
    own.has(row.country) ? row.country : 'GB',
  ])
  writeCsv('uk-outward-codes.csv', 'outward,latitude,longitude,city,country', outward)
  const places = Map.groupBy(table('country-centroids.csv'), ({ ISO }) => ISO)
  // One centroid a code, the first; three that the source has within China or not at all.
  const listed = [...places].map(([iso, [first]]) => [
    iso,
    Number(first.latitude).toFixed(4),
    Number(first.longitude).toFixed(4),
    first.COUNTRY,
  ])
  const missing = [
    ['HK', '22.3193', '114.1694', 'Hong Kong'],
    ['MO', '22.1987', '113.5439', 'Macao'],
    ['TW', '23.6978', '120.9605', 'Taiwan'],
  ].filter(([iso]) => !places.has(iso))
  const rows = [...listed, ...missing].sort(([a], [b]) => (a < b ? -1 : 1))
  writeCsv('country-centroids.csv', 'country,latitude,longitude,name', rows)
}

/** The raw lines, by the row numbers that the import gives (the header is row 1). */
const [, ...rawLines] = gunzipSync(readFileSync(ordersFile)).toString('utf8').trimEnd().split('\r\n')
const header = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'
const raw = (row) => rawLines[row - 2]
const rawFields = parse(rawLines.join('\n'), { relax_quotes: true })
const writeRaw = (name, rows) => write(name, [header, ...[...rows].sort((a, b) => a - b).map(raw)], '\r\n')

const history = await readRetailHistory(readCsvRows(ordersFile))
const all = [...history.orders()].filter(({ externalRef }) => !leftOut.has(externalRef))
const reasonByRow = new Map(history.rejected.map(({ row, reason }) => [row, reason]))
const fields = ([invoice, code, , quantity, time, , customer]) => ({ invoice, code, quantity: -Number(quantity), time, customer })
const records = rawFields.map((record, index) => ({ row: index + 2, ...fields(record), reason: reasonByRow.get(index + 2) }))
const rowsByInvoice = Map.groupBy(records, ({ invoice }) => invoice)
const productLines = (order) => order.lines.filter(({ kind }) => kind === 'product')
const total = (order) => sum(order.lines.map(({ quantity, unitPrice }) => quantity * unitPrice))
const has = (order, code) => order.lines.some((line) => line.code === code)

// --- The 500 sample orders -----------------------------------------------------------------------------------------
/** The cancellation rows that are about this order and no other; undefined where one is shared with another order. */
const reversalRows = (order) => {
  const rows = []
  for (const line of order.lines) {
    for (const { invoice, quantity } of [...line.cancels, ...line.returns]) {
      const exact = (rowsByInvoice.get(invoice) ?? []).filter((record) => record.code === line.code && record.reason === undefined)
      if (exact.length !== 1 || exact[0].quantity !== quantity) return undefined
      rows.push(exact[0].row)
    }
  }
  return new Set(rows).size === rows.length ? rows : undefined
}
const chooseOrders = () => {
  const retail = all.filter((order) => {
    const lines = productLines(order)
    const isWhole = rowsByInvoice.get(order.externalRef).length === order.lines.length
    return (
      isWhole && lines.length <= 40 && total(order) <= totalMinorMax && order.lines.every(({ quantity }) => quantity <= quantityMax)
    )
  })
  const kindOf = (order) => {
    if (order.lines.every(({ quantity, cancelled }) => quantity === cancelled)) return 'whollyCancelled'
    if (order.lines.some(({ returns }) => returns.length > 0)) return 'returned'
    return order.lines.some(({ cancelled }) => cancelled > 0) ? 'partlyCancelled' : 'plain'
  }
  const kinds = Map.groupBy(retail, kindOf)
  const cancellations = []
  const chosen = []
  for (const [kind, count] of Object.entries(reversed)) {
    const fitting = (kinds.get(kind) ?? []).filter((order) => productLines(order).length <= 12 && reversalRows(order) !== undefined)
    for (const order of fitting.sort(byDraw(kind, ({ externalRef }) => externalRef)).slice(0, count)) {
      chosen.push(order)
      cancellations.push(...reversalRows(order))
    }
  }
  const score = (order) =>
    draw('order', order.externalRef) -
    (has(order, star) ? drawBonus.star : 0) -
    (order.country === 'United Kingdom' ? 0 : drawBonus.abroad)
  for (const { least, most, orders } of baskets) {
    const fits = (order) => productLines(order).length >= least && productLines(order).length <= most
    const plain = kinds
      .get('plain')
      .filter(fits)
      .sort((a, b) => score(a) - score(b))
    chosen.push(...plain.slice(0, orders - chosen.filter(fits).length))
  }
  return { orders: chosen.sort((a, b) => Number(a.externalRef) - Number(b.externalRef)), cancellations }
}

// --- Products, stock, supply ---------------------------------------------------------------------------------------
const mostCommon = (values) => {
  const groups = [...Map.groupBy(values, (value) => value)]
  return groups.reduce((best, group) => (group[1].length > best[1].length ? group : best))[0]
}
const makeProducts = (orders) => {
  const codes = new Set(orders.flatMap((order) => productLines(order).map(({ code }) => code)))
  const lines = Map.groupBy(
    all.flatMap(productLines).filter(({ code }) => codes.has(code)),
    ({ code }) => code,
  )
  const products = [...codes].sort(byText).map((code) => {
    const name = mostCommon(
      lines
        .get(code)
        .map(({ description }) => description.trim())
        .filter((text) => text !== ''),
    ).replaceAll(/\s+/g, ' ')
    const price = mostCommon(lines.get(code).map(({ unitPrice }) => unitPrice))
    const weight = 50 + Math.floor(draw('weight', code) * 146) * 10
    return [code, name, name[0] + name.slice(1).toLowerCase(), (price / 100).toFixed(2), 'GBP', weight]
  })
  writeCsv('demo-products.csv', 'productId,productName,description,price,currency,weightGrams', products)
  return [...codes].sort(byText)
}
const placesOf = (code) => {
  const drawn = warehouses.filter(({ warehouse, share }) => draw(warehouse, code) < share).slice(0, placesMax)
  return (drawn.length > 0 ? drawn : [warehouses[stableHash(code) % warehouses.length]]).map(({ warehouse }) => warehouse)
}
const makeStock = (orders, codes) => {
  const wanted = new Map(codes.map((code) => [code, []]))
  for (const order of orders) {
    for (const [code, lines] of Map.groupBy(productLines(order), ({ code }) => code))
      wanted.get(code).push(sum(lines.map(({ quantity }) => quantity)))
  }
  const repeated = codes.filter((code) => wanted.get(code).length > 1 && code !== star).sort(byDraw('short', (code) => code))
  const preorder = repeated
    .filter((code) => wanted.get(code).length <= 8 && wanted.get(code).length >= 3)
    .slice(0, preorderProducts)
  const others = repeated.filter((code) => !preorder.includes(code))
  const suppliedCount = Math.round(others.length * shortShare.supplied)
  const supplied = others.slice(0, suppliedCount)
  const denied = others.slice(suppliedCount, suppliedCount + Math.round(others.length * shortShare.denied))
  const rest = (code) => spare.least + Math.floor(draw('spare', code) * (spare.most - spare.least))
  const days = (code) => 2 + Math.floor(draw('days', code) * 9)
  const stock = []
  const supply = []
  for (const code of codes.filter((code) => !preorder.includes(code))) {
    const demand = sum(wanted.get(code))
    const [first, ...more] = placesOf(code)
    if (supplied.includes(code) || denied.includes(code)) {
      const lacking = sum(wanted.get(code).slice(1).slice(-shortOrders))
      const place = [first, ...more][stableHash(code) % (more.length + 1)]
      stock.push([code, place, demand - lacking])
      if (supplied.includes(code)) supply.push([code, place, lacking + rest(code), days(code)])
    } else for (const place of [first, ...more]) stock.push([code, place, demand + (code === star ? spare.star : rest(code))])
  }
  const lots = preorder.sort(byText).map((code) => [code, placesOf(code)[0], sum(wanted.get(code)) + rest(code), days(code) + 3])
  writeCsv('demo-stock.csv', 'productId,warehouse,quantity', stock)
  writeCsv('demo-supply.csv', 'productId,warehouse,quantity,inDays', supply)
  writeCsv('demo-preorder.csv', 'productId,warehouse,quantity,inDays', lots)
  return { stock, preorder: new Set(preorder), supplied: new Set(supplied), denied: new Set(denied) }
}

/** A naive planner, to see roughly what the demo will show: the nearest place that has all, else as few places as greed finds. */
const simulate = (orders, { stock, preorder, supplied }, geocode, addressOf) => {
  const left = new Map(stock.map(([code, place, quantity]) => [`${code}|${place}`, quantity]))
  const at = (code, place) => left.get(`${code}|${place}`) ?? 0
  const tally = {
    onePlace: [],
    several: [],
    backordered: [],
    preordered: [],
    linesCancelled: [],
    cancelledByShortage: [],
    cancelledByCustomer: [],
  }
  for (const order of orders) {
    const { latitude, longitude } = addressOf(order.customer ?? order.externalRef, order.country)
    const distance = ({ postcode }) =>
      Math.hypot(geocode('GB', postcode).latitude - latitude, 0.6 * (geocode('GB', postcode).longitude - longitude))
    const near = warehouses.toSorted((a, b) => distance(a) - distance(b)).map(({ warehouse }) => warehouse)
    let open = [...Map.groupBy(productLines(order), ({ code }) => code)].map(([code, lines]) => ({
      code,
      quantity: sum(lines.map((l) => l.quantity)),
    }))
    const marks = new Set()
    const isShort = ({ code, quantity }) => sum(near.map((place) => at(code, place))) < quantity
    for (const { code } of open.filter(isShort))
      marks.add(preorder.has(code) ? 'preordered' : supplied.has(code) ? 'backordered' : 'linesCancelled')
    open = open.filter((line) => !isShort(line))
    if (open.length === 0 && marks.has('linesCancelled') && marks.size === 1) marks.add('cancelledByShortage')
    if (order.lines.every(({ quantity, cancelled }) => quantity === cancelled)) marks.add('cancelledByCustomer')
    if (open.length > 0) {
      const whole = near.find((place) => open.every(({ code, quantity }) => at(code, place) >= quantity))
      marks.add(whole === undefined ? 'several' : 'onePlace')
      for (const { code, quantity } of open) {
        let due = quantity
        const places = whole === undefined ? near.toSorted((a, b) => at(code, b) - at(code, a)) : [whole]
        for (const place of places) {
          const part = Math.min(due, at(code, place))
          if (part > 0) left.set(`${code}|${place}`, at(code, place) - part)
          due -= part
        }
      }
    }
    for (const mark of marks) tally[mark].push(order.externalRef)
  }
  return tally
}

// --- The sample for the import's tests -----------------------------------------------------------------------------
const makeImportSample = () => {
  const rows = new Set()
  const add = (found) => found.forEach(({ row }) => rows.add(row))
  const invoice = (number) => rowsByInvoice.get(number) ?? []
  const some = (what, found, count) => [...found].sort(byDraw(what, (item) => item.row ?? item[0])).slice(0, count)
  const clusters = Map.groupBy(records, ({ customer, code }) => `${customer}|${code}`)
  /** With every row of the customer and code beside it, a cancellation fares in the sample as it does in the whole file. */
  const cluster = ({ customer, code, row }) => (customer === '' ? rows.add(row) : add(clusters.get(`${customer}|${code}`)))

  const spans = [...rowsByInvoice].map(([number, found]) => ({ number, found, from: found[0].row, to: found.at(-1).row }))
  for (const { from, to } of spans.filter(({ found, from, to }) => to - from + 1 > found.length))
    add(records.slice(from - 2, to - 1))
  const twoTimes = spans
    .filter(({ found }) => found.some(({ time }) => time !== found[0].time))
    .sort((a, b) => a.found.length - b.found.length)
  for (const { found } of twoTimes.slice(0, 8)) add(found)
  const withReason = Map.groupBy(records, ({ reason }) => reason)
  for (const [reason, count] of Object.entries({ price_not_positive: 60, price_not_whole_pence: 9, invoice_without_product: 30 })) {
    for (const record of some(reason, withReason.get(reason), count))
      add(invoice(record.invoice).length <= 15 ? invoice(record.invoice) : [record])
  }
  for (const [code, found] of Map.groupBy(withReason.get('code_not_sold'), ({ code }) => code)) add(some(code, found, 12))
  const isTaking = ({ invoice }) => invoice.startsWith('C')
  const isGuest = ({ customer }) => customer === ''
  for (const record of some('guest', withReason.get('cancellation_unmatched').filter(isGuest), 15)) rows.add(record.row)
  for (const record of some(
    'unmatched',
    withReason.get('cancellation_unmatched').filter((record) => !isGuest(record)),
    90,
  ))
    cluster(record)
  for (const record of some(
    'matched',
    records.filter((found) => isTaking(found) && found.reason === undefined),
    130,
  ))
    cluster(record)
  const sharing = all.flatMap(({ lines }) =>
    lines.flatMap((line) => [...line.cancels, ...line.returns].map((piece) => ({ piece, line }))),
  )
  const pieces = Map.groupBy(sharing, ({ piece, line }) => `${piece.invoice}|${line.code}`)
  for (const [key] of some(
    'several',
    [...pieces].filter(([, found]) => found.length > 1),
    12,
  )) {
    const [number, code] = key.split('|')
    invoice(number)
      .filter((record) => record.code === code)
      .forEach(cluster)
  }
  const isSmall = ([, found]) => found.length <= 60 && found.every(({ reason }) => reason === undefined) && !isTaking(found[0])
  const carriage = [...rowsByInvoice].filter(
    (entry) => isSmall(entry) && entry[1].some(({ code }) => ['POST', 'C2', 'DOT'].includes(code)),
  )
  for (const [, found] of some('carriage', carriage, 12)) add(found)
  const guests = [...rowsByInvoice].filter((entry) => isSmall(entry) && entry[1][0].customer === '')
  for (const [, found] of some('guests', guests, 12)) add(found)
  for (const [, found] of some('plain', [...rowsByInvoice].filter(isSmall), 1000)) if (rows.size < importLines) add(found)
  writeRaw('sample-import.csv', rows)
}

makePlaces()
makeImportSample()
const { orders, cancellations } = chooseOrders()
writeRaw('sample-orders.csv', [...orders.flatMap(({ lines }) => lines.map(({ row }) => row)), ...cancellations])
const { addressOf, geocode } = addressBookIn(target)()
const placed = warehouses.map(({ warehouse, name, postcode }) => {
  const { latitude, longitude } = geocode('GB', postcode)
  return [warehouse, name, postcode, 'GB', latitude, longitude]
})
writeCsv('demo-warehouses.csv', 'warehouse,name,postcode,country,latitude,longitude', placed)
const codes = makeProducts(orders)
const stock = makeStock(orders, codes)
console.log({
  orders: orders.length,
  cancellationRows: cancellations.length,
  productLines: sum(orders.map((order) => productLines(order).length)),
  abroad: orders.filter(({ country }) => country !== 'United Kingdom').length,
  guests: orders.filter(({ customer }) => customer === undefined).length,
  [star]: orders.filter((order) => has(order, star)).length,
  products: codes.length,
  preorder: [...stock.preorder],
  suppliedProducts: stock.supplied.size,
  deniedProducts: stock.denied.size,
})
const tally = simulate(orders, stock, geocode, addressOf)
for (const [mark, found] of Object.entries(tally))
  console.log(
    `${mark}: ${found.length} (${((found.length / orders.length) * 100).toFixed(1)} %)${found.length <= 60 ? ` ${found.join(' ')}` : ''}`,
  )
