/** The list of mutants as the documentation has it: written from the data, and kept equal by a test. */
import { commandOf, type Mutant } from './mutant.ts'

const cell = (text: string): string => text.replaceAll('|', '\\|')
const row = (...cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`

const list = (mutants: readonly Mutant[]): string =>
  [
    row('mutant', 'breaks', 'where', 'caught by'),
    row('---', '---', '---', '---'),
    ...mutants.map((mutant) => row(mutant.name, mutant.invariant, `\`${mutant.file}\``, `\`${commandOf(mutant.catchedBy)}\``)),
  ].join('\n')

export const tableMarks = ['<!-- written by tests/mutants/run.ts --docs -->', '<!-- end -->'] as const

/** Everything between the marks of the page. */
export const mutantsTable = (mutants: readonly Mutant[]): string => `
## Named beforehand

These were listed before an instrument was pointed at them: what an order system gets wrong when nobody looks.

${list(mutants.filter(({ beforehand }) => beforehand === true))}

## Added since

${list(mutants.filter(({ beforehand }) => beforehand !== true))}
`

export const withTable = (page: string, mutants: readonly Mutant[]): string => {
  const [begin, end] = tableMarks
  const [before = '', rest = ''] = page.split(begin)
  const [, after = ''] = rest.split(end)
  return `${before}${begin}\n${mutantsTable(mutants)}\n${end}${after}`
}
