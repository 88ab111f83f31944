/** The hosted page of the simulated provider: plain HTML without scripts, usable by keyboard and screen reader. */
import { toMajor, minorDigits } from '../../kernel/money.ts'
import type { Session } from './simulated-session.ts'

const actions = [
  { action: 'pay', label: 'Pay now', about: 'The bank says yes.' },
  { action: 'decline', label: 'Let the card be declined', about: 'The attempt fails; you may try again on this page.' },
  { action: 'refuse', label: 'Let the payment fail for good', about: 'The bank says no for good: the shop cancels the order.' },
  { action: 'cancel', label: 'Give up', about: 'You go back to the shop without paying.' },
] as const

const said: Readonly<Record<Session['state'], string>> = {
  open: '',
  processing: 'Your bank is checking the payment. There is nothing for you to do.',
  authorized: 'Paid. Thank you.',
  failed: 'The payment failed. No money was taken.',
  cancelled: 'You gave this payment up. No money was taken.',
  voided: 'This payment was closed by the shop. No money is owed on it.',
}

export const paymentPage = (session: Session): string => {
  const sum = `${toMajor(session.amount, session.currency).toFixed(minorDigits(session.currency))} ${session.currency}`
  const declined = session.state === 'open' && session.attempts > 0
  const note = declined ? 'Your card was declined. You may try again.' : said[session.state]
  return document(
    `Pay ${sum}`,
    `<h1>Pay ${escaped(sum)}</h1>
<p>Order ${escaped(session.order)}, by ${escaped(session.method.toLowerCase().replaceAll('_', ' '))}.</p>
${note === '' ? '' : `<p role="status"><strong>${escaped(note)}</strong></p>`}
${session.state === 'open' ? form() : ''}${backLink(session)}`,
  )
}

export const noSuchPage = (): string =>
  document('No such payment', '<h1>No such payment</h1>\n<p>This address belongs to no payment.</p>')

const form = (): string => `<form method="post">
<ul>
${actions
  .map(
    ({ action, label, about }) =>
      `<li><button name="action" value="${action}" aria-describedby="about-${action}">${label}</button> <span id="about-${action}">${about}</span></li>`,
  )
  .join('\n')}
</ul>
</form>
`

const backLink = ({ returnUrl }: Session): string =>
  returnUrl === undefined ? '' : `<p><a href="${escaped(returnUrl)}">Back to the shop</a></p>`

const document = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>
body { font: 1.125rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 2rem auto; padding: 0 1rem; color: #111; background: #fff }
ul { list-style: none; padding: 0 }
li { margin: 0 0 1rem }
button { font: inherit; padding: .5rem 1rem; min-height: 2.75rem }
button:focus-visible, a:focus-visible { outline: 3px solid #06c; outline-offset: 2px }
footer { color: #555; font-size: 1rem }
</style>
</head>
<body>
<main>
${body}
</main>
<footer><p>Simulated payment provider: no real money moves here.</p></footer>
</body>
</html>
`

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character)
