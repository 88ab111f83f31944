import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SimulatedProvider } from '../../src/payments/adapters/simulated.ts'
import { MemoryBooks } from '../../src/payments/adapters/simulated-store.ts'
import { parseKnobs, wellBehaved } from '../../src/payments/adapters/simulated-knobs.ts'
import { signature } from '../../src/payments/adapters/standard-webhooks.ts'
import type { WebhookHeaders } from '../../src/payments/provider.ts'
import { instant } from '../../src/kernel/time.ts'
import { silentLog } from '../../src/platform/log.ts'
import { accepted, providerContract, request } from './payment-provider.ts'

const now = () => instant(Date.now())

providerContract('simulated', () => {
  const books = new MemoryBooks()
  const provider = new SimulatedProvider({ books, knobs: wellBehaved, baseUrl: 'http://shop.example', now, log: silentLog })
  const sent: { body: Buffer; headers: WebhookHeaders }[] = []
  provider.sendTo((body, headers) => {
    sent.push({ body, headers })
    return Promise.resolve(200)
  })
  const act = async (reference: string, action: 'pay' | 'cancel'): Promise<void> => {
    await provider.act(reference, action)
  }
  return { provider, sent, pay: (reference) => act(reference, 'pay'), giveUp: (reference) => act(reference, 'cancel') }
})

describe('The signature of a webhook', () => {
  it('is that of Standard Webhooks', () => {
    // The vector of the specification's own libraries.
    const signed = signature(
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      1614265330,
      '{"test": 2432232314}',
    )
    assert.equal(signed, 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })
})

describe('The news of the simulated provider', () => {
  it('is sent again when its own books were out of reach as it was due', async (test) => {
    test.mock.timers.enable({ apis: ['setTimeout'] })
    const books = new MemoryBooks()
    const provider = new SimulatedProvider({ books, knobs: wellBehaved, baseUrl: 'http://shop.example', now, log: silentLog })
    const taken = Promise.withResolvers<string>()
    provider.sendTo((body) => {
      taken.resolve((JSON.parse(body.toString()) as { type: string }).type)
      return Promise.resolve(200)
    })
    const { reference } = accepted(await provider.createPage(request('placement')))
    const away = test.mock.method(books, 'secret', () => Promise.reject(new Error('the database is away')))
    await provider.act(reference, 'pay')
    away.mock.restore()
    test.mock.timers.tick(1_000)
    assert.equal(await taken.promise, 'Payment_Success')
  })
})

describe('The knobs of the simulated provider', () => {
  it('are all off when nothing is said', () => assert.deepEqual(parseKnobs(undefined), wellBehaved))
  it('are read as JSON', () => assert.equal(parseKnobs('{"duplicate":2}').duplicate, 2))
  it('name the one that is wrong', () => {
    assert.throws(() => parseKnobs('{"dupe":2}'), /there is no dupe/)
    assert.throws(() => parseKnobs('{"duplicate":"2"}'), /duplicate must be a number/)
    assert.throws(() => parseKnobs('{"timeoutShare":2}'), /timeoutShare is a share/)
    assert.throws(() => parseKnobs('nonsense'), /not JSON/)
  })
})
