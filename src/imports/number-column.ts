/** Numbers by row in one typed array that doubles when it is full: 4 bytes a number, none of them an object. */
export class NumberColumn {
  #values = new Int32Array(1024)
  #length = 0

  get length(): number {
    return this.#length
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Int32Array(this.#values.length * 2)
      grown.set(this.#values)
      this.#values = grown
    }
    this.#values[this.#length++] = value
  }

  at(index: number): number {
    const value = index < this.#length ? this.#values[index] : undefined
    if (value === undefined) throw new RangeError(`no row ${index}`)
    return value
  }

  set(index: number, value: number): void {
    if (index < 0 || index >= this.#length) throw new RangeError(`no row ${index}`)
    this.#values[index] = value
  }
}

/** Texts that repeat, kept once each and known by a small number. */
export class TextPool {
  readonly #texts: string[] = []
  readonly #numbers = new Map<string, number>()

  numberOf(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    this.#numbers.set(text, this.#texts.length)
    return this.#texts.push(text) - 1
  }

  textOf(number: number): string {
    const text = this.#texts[number]
    if (text === undefined) throw new RangeError(`no text ${number}`)
    return text
  }
}
