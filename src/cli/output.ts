/**
 * What commands print. Standard output is the answer: lines for people, or with `--json` one JSON object as its last line.
 * Everything on the way (progress, warnings) goes to standard error: a bar on a terminal, a line now and then otherwise.
 */
export type Progress = Readonly<{ at: (done: number, all?: number) => void; end: () => void }>

const write = (stream: NodeJS.WriteStream, text: string): void => void stream.write(text)

export const printLine = (line: string): void => write(process.stdout, `${line}\n`)
export const printJson = (answer: Readonly<Record<string, unknown>>): void => printLine(JSON.stringify(answer))
export const complain = (line: string): void => write(process.stderr, `${line}\n`)

/** Faults and differences beyond this are counted: nobody reads more. */
const listedMax = 50

export const complainOfAll = (lines: readonly string[]): void => {
  for (const line of lines.slice(0, listedMax)) complain(`  ${line}`)
  if (lines.length > listedMax) complain(`  … and ${lines.length - listedMax} more`)
}

/** `12345` → `12,345`. */
export const grouped = (count: number): string => count.toLocaleString('en')

/** A small table for people: names on the left, numbers aligned on the right. */
export const printTable = (rows: readonly (readonly [string, string])[]): void => {
  const left = Math.max(...rows.map(([name]) => name.length))
  const right = Math.max(...rows.map(([, value]) => value.length))
  for (const [name, value] of rows) printLine(`  ${name.padEnd(left)}  ${value.padStart(right)}`)
}

const barWidth = 30
const barMs = 100
const linesMs = 5_000

export const progressOf = (what: string): Progress => {
  const isTerminal = process.stderr.isTTY
  const every = isTerminal ? barMs : linesMs
  let shownAt = isTerminal ? 0 : performance.now()
  let isShown = false
  const show = (done: number, all: number | undefined): void => {
    const share = all === undefined || all === 0 ? undefined : Math.min(1, done / all)
    const count = all === undefined ? grouped(done) : `${grouped(done)} of ${grouped(all)}`
    if (!isTerminal) return complain(`${what}: ${count}`)
    const filled = Math.round((share ?? 0) * barWidth)
    const bar = share === undefined ? '' : `[${'█'.repeat(filled)}${' '.repeat(barWidth - filled)}] ${Math.floor(share * 100)} % `
    isShown = true
    write(process.stderr, `\r${what} ${bar}${count}\u001b[K`)
  }
  return {
    at: (done, all) => {
      const now = performance.now()
      const isLast = done === all
      if (now - shownAt < every && !(isLast && isTerminal)) return
      shownAt = now
      show(done, all)
    },
    end: () => {
      if (isShown) write(process.stderr, '\r\u001b[K')
      isShown = false
    },
  }
}
