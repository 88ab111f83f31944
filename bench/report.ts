/** Tables for people. */
import type { Mark, Result } from './case.ts'

const shown = (value: number | string | boolean): string => {
  if (typeof value !== 'number') return String(value)
  // Less than nothing by less than is shown would print as "-0.00".
  if (Math.abs(value) < 0.005) return '0'
  if (Number.isInteger(value) || Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en-GB')
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2)
}

export const isReached = ({ value, mark, atMost = false }: Mark): boolean => (atMost ? value <= mark : value >= mark)

const markLine = (one: Mark): string => {
  const { what, value, mark, aim, atMost = false } = one
  const bound = `${atMost ? '≤' : '≥'} ${shown(mark)}${aim === undefined ? '' : `, aim ${shown(aim)}`}`
  return `${isReached(one) ? '  ✔' : '  ✘'} ${what.padEnd(46)}${shown(value).padStart(12)}   ${bound}`
}

/** `nodeMicros` → `node micros`: names are for the JSON, spaces for people. */
const worded = (name: string): string => name.replaceAll(/(?<=[a-zA-Z0-9])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

export const resultText = ({ name, figures, marks = [] }: Result): string =>
  [
    `\n${name}`,
    ...Object.entries(figures).map(([what, value]) => `    ${worded(what).padEnd(46)}${shown(value).padStart(12)}`),
    ...marks.map(markLine),
  ].join('\n')

/** Rounded for the file: a third digit of a ratio is noise. */
export const rounded = (value: number): number =>
  Number.isInteger(value) ? value : Number(value.toPrecision(Math.abs(value) >= 1_000 ? 6 : 4))
