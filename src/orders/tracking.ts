/** The tracking page: what a customer wants to know, in words, without a script and without anything that names him. Pure. */
import { lineState } from './derive.ts'
import type { OrderStatus, ParcelStatus } from './contract.ts'
import { carriesUnits, type Live } from './order.ts'

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`)

const headline: Readonly<Record<OrderStatus, string>> = {
  received: 'We have your order.',
  paid: 'Your order is paid and being put together.',
  ready: 'Your order is packed and waits for the carrier.',
  in_transit: 'Your order is on its way.',
  completed: 'Your order has been delivered.',
  cancelled: 'Your order was cancelled.',
}
const parcelWords: Readonly<Record<ParcelStatus, string>> = {
  label_created: 'packed, waiting for the carrier',
  picked_up: 'collected by the carrier',
  in_transit: 'on its way',
  out_for_delivery: 'out for delivery today',
  ready_for_pickup: 'ready for you to pick up',
  failed_attempt: 'delivery was tried and will be tried again',
  delivered: 'delivered',
  returned_to_sender: 'on its way back to us',
  exception: 'held up: we are looking into it',
  cancelled: 'cancelled',
}
const stateWords: Readonly<Record<string, string>> = {
  backordered: 'waiting for new stock',
  preordered: 'waiting for its release',
  packed: 'packed',
  reserved: 'set aside for you',
  pending: 'being looked for',
  shipped: 'on its way',
  delivered: 'delivered',
  cancelled: 'cancelled',
  returned: 'returned',
}
const steps: readonly OrderStatus[] = ['received', 'paid', 'ready', 'in_transit', 'completed']

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem;color:#1d2b33;background:#fff}ol{display:flex;gap:.5rem;list-style:none;padding:0;flex-wrap:wrap}
li.step{padding:.25rem .75rem;border:1px solid #71808a;border-radius:1rem}li.done{background:#1e5c43;color:#fff;border-color:#1e5c43}.box{border:1px solid #c8d0d4;border-radius:.5rem;padding:.75rem 1rem;margin:1rem 0}`

export const trackingPage = (order: Live): string => {
  const { placed, progress } = order
  const reached = steps.indexOf(progress.status)
  const shown =
    progress.status === 'cancelled'
      ? ''
      : `<ol aria-label="Progress">${steps.map((step, index) => `<li class="step${index <= reached ? ' done' : ''}"${index === reached ? ' aria-current="step"' : ''}>${step.replace('_', ' ')}</li>`).join('')}</ol>`
  const promise =
    progress.expected === undefined || reached === 4 || progress.status === 'cancelled'
      ? ''
      : `<p>Expected by <strong>${escaped(progress.expected)}</strong>${progress.promised !== undefined && progress.expected > progress.promised ? `, later than the ${escaped(progress.promised)} we promised: we are sorry` : ''}.</p>`
  const lines = placed.lines.flatMap((line, index) =>
    carriesUnits(line)
      ? [`<li>${line.quantity} × ${escaped(line.name)}: ${stateWords[lineState(order, index)] ?? 'in hand'}</li>`]
      : [],
  )
  const parcels = progress.parcels.map(
    ({ status, carrier, tracking }, index) =>
      `<div class="box"><h2>Parcel ${index + 1}</h2><p>${parcelWords[status]} (${escaped(carrier)}${tracking === undefined ? '' : `, ${escaped(tracking)}`})</p></div>`,
  )
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><title>Order ${placed.number}</title><style>${style}</style></head>
<body><main><h1>Order ${placed.number}</h1><p>${headline[progress.status]}</p>${shown}${promise}${parcels.join('')}<div class="box"><h2>What you ordered</h2><ul>${lines.join('')}</ul></div></main></body></html>`
}
