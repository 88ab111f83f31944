import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Crowd, freeMax } from './crowd.ts'

/**
 * A server that answers so many a second, in the order of their coming, and in batches of those that are there when the
 * last one is done; and who asks it. Time is a number here: ten seconds take a few milliseconds.
 */
class Played {
  readonly crowd = new Crowd()
  readonly #waiting: number[] = []
  /** The moment of each answer, and how long it took. */
  answers: { at: number; tookMs: number }[] = []
  now = 0
  #owed = 0

  /** @param least an answer takes at least so long, however few there are */
  run(ms: number, perSecond: number, arrive: (now: number) => number, least = 0): void {
    for (const end = this.now + ms; this.now < end; this.now += 1) {
      this.#owed = Math.min(this.#owed + perSecond / 1_000, Math.max(1, this.#waiting.length))
      while (this.#owed >= 1 && (this.#waiting[0] ?? this.now) + least <= this.now && this.#waiting.length > 0) {
        const came = this.#waiting.shift() ?? this.now
        this.#owed -= 1
        this.crowd.letOut(this.now - came)
        this.answers.push({ at: this.now, tookMs: this.now - came })
      }
      for (let left = arrive(this.now); left > 0; left--) if (this.crowd.admits(this.now)) this.#waiting.push(this.now)
    }
  }

  slowest(since: number): number {
    return Math.max(...this.answers.filter(({ at }) => at >= since).map(({ tookMs }) => tookMs))
  }

  perSecond(since: number): number {
    return (this.answers.filter(({ at }) => at >= since).length * 1_000) / (this.now - since)
  }
}

/** So many a second, evenly. */
const evenly = (perSecond: number): ((now: number) => number) => {
  let owed = 0
  return () => {
    owed += perSecond / 1_000
    const whole = Math.floor(owed)
    owed -= whole
    return whole
  }
}
/** So many callers, each of whom asks again when answered. */
const callers = (played: Played, count: number): (() => number) => {
  return () => count - played.crowd.inHouse
}

describe('How many may be in the house', () => {
  for (const perSecond of [600, 2_000, 8_000])
    it(`refuses none of 500 callers who wait for their answer, at ${perSecond} answers a second`, () => {
      const played = new Played()
      played.run(20_000, perSecond, callers(played, 500))
      assert.equal(played.crowd.refused, 0)
      assert.ok(played.perSecond(1_000) > perSecond * 0.95)
    })

  it('refuses none of 500 callers when everything stands still for three seconds', () => {
    const played = new Played()
    for (const [ms, perSecond] of [
      [3_000, 3_000],
      [3_000, 0],
      [3_000, 3_000],
    ] as const)
      played.run(ms, perSecond, callers(played, 500))
    assert.equal(played.crowd.refused, 0)
  })

  it('refuses none of a crowd that comes out of nowhere after a quiet hour', () => {
    const played = new Played()
    played.run(5_000, 2_000, callers(played, 500))
    played.run(1_000, 2_000, () => 0)
    for (let quiet = 0; quiet < 60; quiet++) {
      played.now += 60_000
      played.run(1_000, 2_000, evenly(10))
    }
    let coming = freeMax
    played.run(1_000, 2_000, () => {
      const all = coming
      coming = 0
      return all
    })
    assert.equal(played.crowd.refused, 0)
  })

  for (const perSecond of [100, 500, 2_000, 6_000])
    for (const times of [2, 5, 10])
      it(`keeps ${perSecond} answers a second, in bounded time, when ${times} times as many are asked for`, () => {
        const played = new Played()
        // What came before the rate was known has to be answered first.
        played.run(8_000, perSecond, evenly(perSecond * times))
        const since = played.now
        played.run(10_000, perSecond, evenly(perSecond * times))
        assert.ok(played.perSecond(since) >= perSecond * 0.95, `${played.perSecond(since)} answers a second`)
        assert.ok(played.slowest(since) <= 650, `an answer took ${played.slowest(since)} ms`)
      })

  it('follows what gets done when that becomes less', () => {
    const played = new Played()
    played.run(5_000, 8_000, evenly(20_000))
    assert.ok(played.crowd.limit > 1_000)
    // The 2,000 that are in the house are answered in any case.
    played.run(12_000, 200, evenly(20_000))
    const since = played.now
    played.run(5_000, 200, evenly(20_000))
    assert.ok(played.slowest(since) <= 700, `an answer took ${played.slowest(since)} ms`)
    assert.ok(played.perSecond(since) >= 190)
  })

  it('refuses nobody from the moment when the load is what gets done again', () => {
    const played = new Played()
    played.run(10_000, 500, evenly(5_000))
    // What waits is done in half a second.
    played.run(600, 500, () => 0)
    const refused = played.crowd.refused
    played.run(10_000, 500, evenly(450))
    assert.equal(played.crowd.refused, refused)
  })

  it('does not strangle itself where every answer takes its time', () => {
    const played = new Played()
    played.run(10_000, 1_000, evenly(20), 400)
    played.run(5_000, 1_000, evenly(3_000), 400)
    const since = played.now
    played.run(10_000, 1_000, evenly(3_000), 400)
    assert.ok(played.perSecond(since) >= 950, `${played.perSecond(since)} answers a second`)
  })

  it('is not misled by answers that come in bursts', () => {
    const played = new Played()
    // Nothing for 290 ms, then 45 at once: 150 a second.
    const bursts = (ms: number): void => {
      for (const end = played.now + ms; played.now < end; ) {
        played.run(290, 0, evenly(1_500))
        played.run(10, 4_500, evenly(1_500))
      }
    }
    bursts(10_000)
    const since = played.now
    bursts(10_000)
    assert.ok(played.slowest(since) <= 1_000, `an answer took ${played.slowest(since)} ms`)
    assert.ok(played.perSecond(since) >= 0.95 * 150, `${played.perSecond(since)} answers a second`)
  })

  it('takes a few slow requests for no crowd', () => {
    const played = new Played()
    played.run(30_000, 5, callers(played, 20))
    let coming = freeMax - 20
    const crowd = (): number => {
      const all = coming
      coming = 0
      return all
    }
    played.run(200, 3_000, crowd)
    assert.equal(played.crowd.refused, 0)
  })
})
