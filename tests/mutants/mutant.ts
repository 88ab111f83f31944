export type Edit = Readonly<{ file: string; find: string; replace: string }>

/** A mutant: one small fault planted into a copy of the product, and the test that must find it. */
export type Mutant = Readonly<{
  /** What it does wrong, in few words; the name it goes by. */
  name: string
  /** The promise it breaks (I1 to I16), as the proof's invariants are named. */
  invariant: string
  /** The file of the product, from the root of the project. */
  file: string
  /** Its text as it is, which occurs exactly once, and as it is planted. */
  find: string
  replace: string
  /** Where one guard stands behind another, both must fall. */
  also?: Edit
  catchedBy: Catcher
  /** Listed in the documentation before any instrument was pointed at it. */
  beforehand?: true
}>

/** What is run on the copy: it must pass there unharmed, and fail with the mutant planted. */
export type Catcher =
  /** One property, by its name or a part of it that no other has. */
  | Readonly<{ kind: 'property'; file: string; name: string }>
  /** Tests of one file by their names; an empty name is all of them. */
  | Readonly<{ kind: 'test'; file: string; name: string }>
  /** An instrument's own command, its arguments after the file: a range of seeds, a pair, a phase. It ends with 1 where it finds something. */
  | Readonly<{ kind: 'command'; file: string; args: readonly string[] }>

/** How a catcher is run by hand. */
export const commandOf = (catcher: Catcher): string => {
  switch (catcher.kind) {
    case 'property':
      return `WAYBILL_TEST_PROPERTY='${catcher.name}' node ${catcher.file}`
    case 'test':
      return `node ${catcher.name === '' ? '' : `--test-name-pattern='${catcher.name}' `}${catcher.file}`
    case 'command':
      return `node ${catcher.file} ${catcher.args.map((arg) => (/^[\w./-]+$/.test(arg) ? arg : `'${arg}'`)).join(' ')}`
  }
}

export const byProperty = (file: string, name: string): Catcher => ({
  kind: 'property',
  file: `tests/properties/${file}.test.ts`,
  name,
})
export const byTest = (file: string, name: string): Catcher => ({ kind: 'test', file, name })
