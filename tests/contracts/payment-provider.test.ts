import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SimulatedProvider } from '../../src/payments/adapters/simulated.ts'
import { MemoryBooks } from '../../src/payments/adapters/simulated-store.ts'
import { parseKnobs, wellBehaved } from '../../src/payments/adapters/simulated-knobs.ts'
import { signature } from '../../src/payments/adapters/standard-webhooks.ts'
import type { WebhookHeaders } from '../../src/payments/provider.ts'
import { instant } from '../../src/kernel/time.ts'
import { silentLog } from '../../src/platform/log.ts'
import { providerContract } from './payment-provider.ts'

providerContract('simulated', () => {
  const books = new MemoryBooks()
  const now = () => instant(Date.now())
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
