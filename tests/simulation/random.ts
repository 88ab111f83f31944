/** Chance that a seed decides, and the hash by which two runs are compared. */

/** sfc32: small, fast, and far better spread than a linear generator's low bits. */
export class Random {
  #a: number
  #b: number
  #c: number
  #count = 1

  /** Streams of one seed have nothing to do with each other: work left out of one moves nothing in another. */
  constructor(seed: number, stream = '') {
    const salt = hashOf(`${seed} ${stream}`)
    this.#a = salt.high
    this.#b = salt.low
    this.#c = seed | 0
    for (let round = 0; round < 12; round++) this.next()
  }

  /** From 0 up to, and without, 1. */
  next(): number {
    const sum = (this.#a + this.#b + this.#count) | 0
    this.#count = (this.#count + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    return (sum >>> 0) / 4_294_967_296
  }

  /** A whole number from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least)
  }

  /** Whether something of this probability happens now. */
  happens(probability: number): boolean {
    return probability > 0 && this.next() < probability
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.next() * items.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }
}

/** FNV-1a in two halves: 64 bits are enough to compare some thousand runs. */
class Hash {
  high = 0x811c9dc5 | 0
  low = 0x1000193 | 0

  add(text: string): void {
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index)
      this.high = Math.imul(this.high ^ code, 0x01000193)
      this.low = Math.imul(this.low ^ (code + (this.high >>> 24)), 0x85ebca6b)
    }
  }

  toString(): string {
    return `${(this.high >>> 0).toString(16).padStart(8, '0')}${(this.low >>> 0).toString(16).padStart(8, '0')}`
  }
}

const hashOf = (text: string): Hash => {
  const hash = new Hash()
  hash.add(text)
  return hash
}

/** What happened, as a hash of all of it, and as lines where somebody wants to read them. */
export class Trace {
  readonly lines: string[] = []
  readonly #hash = new Hash()
  readonly #keep: boolean
  readonly #now: () => number

  constructor(keep: boolean, now: () => number) {
    this.#keep = keep
    this.#now = now
  }

  /** @param about what is shown and not compared, worked out only where somebody reads it. */
  add(who: string, what: string, about?: () => string): void {
    const line = `${this.#now().toFixed(2)} ${who} ${what}`
    this.#hash.add(line)
    if (this.#keep) this.lines.push(about === undefined ? line : `${line} ${about()}`)
  }

  get hash(): string {
    return this.#hash.toString()
  }
}
