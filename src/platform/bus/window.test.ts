import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Envelope } from '../../kernel/event.ts'
import type { Instant, StreamId } from '../../kernel/ids.ts'
import { JournalWindow } from './window.ts'

const large = (type: string, lines: number) => ({ type, lines: Array.from({ length: lines }, () => ({ parts: [1] })) })

/** A journal of so many events, `Odd` and `Even` in turn, that counts how often it is read. */
const journalOf = (count: number, lines = 0) => {
  const all = Array.from(
    { length: count },
    (_, index): Envelope => ({
      position: index + 1,
      stream: `stream-${index}` as StreamId,
      version: 1,
      at: '2026-01-01T00:00:00.000Z' as Instant,
      actor: 'test',
      event: large(index % 2 === 0 ? 'Odd' : 'Even', lines),
    }),
  )
  const journal = {
    reads: 0,
    limits: [] as number[],
    read: (after: number, upTo: number, types: readonly string[], limit: number): Promise<Envelope[]> => {
      journal.reads += 1
      journal.limits.push(limit)
      const found = all.filter(({ position, event }) => position > after && position <= upTo && types.includes(event.type))
      return Promise.resolve(found.slice(0, limit))
    },
  }
  return journal
}
const odd: ReadonlySet<string> = new Set(['Odd'])
const even: ReadonlySet<string> = new Set(['Even'])
const positions = (envelopes: readonly Envelope[]): readonly number[] => envelopes.map(({ position }) => position)

describe('The window on the journal', () => {
  it('reads new events once for all who want them', async () => {
    const journal = journalOf(10)
    const window = new JournalWindow(journal, ['Odd', 'Even'])
    assert.equal(await window.extend(10), 10)
    assert.deepEqual(positions((await window.take(0, odd, 100)).envelopes), [1, 3, 5, 7, 9])
    assert.deepEqual(positions((await window.take(0, even, 100)).envelopes), [2, 4, 6, 8, 10])
    assert.equal(journal.reads, 1)
  })

  it('hands out what comes after a position, up to a limit, and says how far that goes', async () => {
    const window = new JournalWindow(journalOf(10), ['Odd', 'Even'])
    await window.extend(10)
    const first = await window.take(2, odd, 2)
    assert.deepEqual([positions(first.envelopes), first.upTo], [[3, 5], 5])
    const rest = await window.take(first.upTo, odd, 100)
    assert.deepEqual([positions(rest.envelopes), rest.upTo], [[7, 9], 10])
    assert.deepEqual(await window.take(10, odd, 100), { envelopes: [], upTo: 10 })
  })

  it('keeps nothing that everybody has passed', async () => {
    const journal = journalOf(10)
    const window = new JournalWindow(journal, ['Odd', 'Even'])
    await window.extend(10)
    window.release(4)
    assert.deepEqual(positions((await window.take(4, odd, 100)).envelopes), [5, 7, 9])
    assert.equal(journal.reads, 1)
    assert.deepEqual(positions((await window.take(2, odd, 100)).envelopes), [3, 5, 7, 9])
    assert.equal(journal.reads, 2, 'who comes back reads for himself')
    window.release(10)
    assert.equal(await window.extend(10), 10)
    assert.deepEqual(await window.take(10, odd, 100), { envelopes: [], upTo: 10 })
  })

  it('lets those who are behind it read for themselves', async () => {
    const journal = journalOf(10)
    const window = new JournalWindow(journal, ['Odd', 'Even'])
    window.startAt(6)
    const taken = await window.take(0, even, 2)
    assert.deepEqual([positions(taken.envelopes), taken.upTo], [[2, 4], 4])
    assert.deepEqual(positions((await window.take(4, even, 2)).envelopes), [6])
  })

  it('begins where it is told, whatever the horizon says at first', async () => {
    const journal = journalOf(10)
    const window = new JournalWindow(journal, ['Odd', 'Even'])
    window.startAt(8)
    assert.equal(await window.extend(0), 8)
    assert.deepEqual(await window.take(8, odd, 100), { envelopes: [], upTo: 8 })
    assert.equal(journal.reads, 0)
    await window.extend(10)
    assert.deepEqual(positions((await window.take(8, odd, 100)).envelopes), [9])
    assert.equal(journal.reads, 1)
  })

  it('goes towards a far horizon in steps, keeps only the newest, and passes nothing over', async () => {
    const journal = journalOf(25_000)
    const window = new JournalWindow(journal, ['Odd', 'Even'])
    let upTo = 0
    let [seen, at] = [0, 0]
    while (upTo < 25_000) {
      upTo = await window.extend(25_000)
      const taken = await window.take(at, odd, 100_000)
      seen += taken.envelopes.length
      at = taken.upTo
    }
    assert.equal(seen, 12_500)
    assert.equal(positions((await window.take(0, odd, 100_000)).envelopes).length, 12_500)
  })

  it('keeps fewer, and reads fewer at once, where they are large', async () => {
    const journal = journalOf(3_000, 500)
    const window = new JournalWindow(journal, ['Odd', 'Even'])
    let upTo = 0
    let seen = 0
    for (let at = 0; upTo < 3_000; at = upTo) {
      upTo = await window.extend(3_000)
      seen += (await window.take(at, odd, 100_000)).envelopes.length
    }
    assert.equal(seen, 1_500)
    assert.deepEqual([...new Set(journal.limits)], [2_000, 50])
    // Of a thousand items each, fifty are kept beside the last reading: who is behind them reads for himself.
    const reads = journal.reads
    await window.take(2_890, odd, 100)
    assert.equal(journal.reads, reads + 1)
    await window.take(2_950, odd, 100)
    assert.equal(journal.reads, reads + 1)
  })
})
