/** Every latency of a run, exact: a run has a million at most, and a histogram's steps would show at p99.9. */
export class Latencies {
  #values = new Float64Array(65_536)
  #count = 0

  add(ms: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2)
      larger.set(this.#values)
      this.#values = larger
    }
    this.#values[this.#count++] = ms
  }

  get count(): number {
    return this.#count
  }

  summary(): Spread {
    const sorted = this.#values.slice(0, this.#count).sort()
    const at = (share: number): number => round(percentile(sorted, share))
    return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) }
  }
}

export type Spread = Readonly<{ p50: number; p99: number; p999: number; max: number }>

/** The smallest value that at least this share of all is not above (nearest rank); 0 of nothing. */
export const percentile = (sorted: ArrayLike<number>, share: number): number =>
  sorted[Math.max(0, Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1))] ?? 0

export const median = (numbers: readonly number[]): number => {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}

const round = (ms: number): number => Math.round(ms * 100) / 100
