/**
 * The rules of the house (STYLE §2, §4) as pure functions: files in, complaints out. A rule that only a reviewer knows is
 * not a rule; tidy.test.ts runs each of these on the tree, and on a violation planted for it.
 */
import { basename } from 'node:path/posix'
import { importsOf, lineOf, scan, type SourceFile } from './source.ts'

export type Rule = (files: readonly SourceFile[]) => readonly string[]

const linesMax = 400

const isTest = (path: string): boolean => path.endsWith('.test.ts') || path.startsWith('tests/')
const isCode = (path: string): boolean => /\.(ts|mjs|tsx)$/.test(path)
const isProductCode = ({ path }: SourceFile): boolean => path.startsWith('src/') && path.endsWith('.ts') && !isTest(path)

/** The layer of a file in `src/`: `kernel`, `platform`, a room's name, or `top` (main, flow, the command line). */
const layerOf = (path: string): string => {
  const [, folder = '', rest] = path.split('/')
  return rest === undefined || folder === 'cli' ? 'top' : folder
}
const isRoom = (layer: string): boolean => layer !== 'kernel' && layer !== 'platform' && layer !== 'top'

/** kernel ← platform ← rooms ← flow ← main; from another room its contract only. */
const direction: Rule = (files) =>
  files.filter(isProductCode).flatMap((file) => {
    const layer = layerOf(file.path)
    return importsOf(file)
      .filter(({ target }) => !mayImport(layer, target))
      .map(({ line, target }) => `${file.path}:${line} must not import ${target}`)
  })

const mayImport = (layer: string, target: string): boolean => {
  if (!target.startsWith('src/')) return layer !== 'kernel' && !target.startsWith('tests/')
  const other = layerOf(target)
  if (layer === 'top' || other === layer || other === 'kernel') return true
  if (layer === 'kernel') return false
  return other === 'platform' || (isRoom(layer) && isRoom(other) && target === `src/${other}/contract.ts`)
}

/** Inside a room only the doors touch the world; every other file is a function of its arguments. */
const purity: Rule = (files) =>
  files.flatMap((file) => {
    if (!isProductCode(file) || !isRoom(layerOf(file.path)) || isDoor(file.path)) return []
    const worldly = importsOf(file).filter(({ target }) => target.startsWith('node:') && !pureModules.has(target))
    return [
      ...complaints(file, impure, 'touches the world outside a door'),
      ...worldly.map(({ line, target }) => `${file.path}:${line} touches the world outside a door: ${target}`),
    ]
  })

const isDoor = (path: string): boolean =>
  /^(?:[\w-]+-)?(?:routes|service|store|reactions|tasks|memory|room)(?:-[\w-]+)?\.ts$|\.memory\.ts$/.test(basename(path)) ||
  path.includes('/adapters/')

const pureModules = new Set(['node:assert', 'node:assert/strict', 'node:util'])
/** Reading a given instant (`Date.parse`, `new Date(x)`) is pure; asking what time it is is not. */
const impure =
  /\bDate\.now\b|\bnew Date\(\s*\)|\bnew Date\b(?!\s*\()|(?<!new )\bDate\(|\bMath\.random\b|\bcrypto\.|\bperformance\.now\b|\b(?:setTimeout|setInterval|setImmediate|queueMicrotask|fetch)\s*\(|\bprocess\.|\bawait\b|\basync\b/g

/** SQL lives in stores, in the platform and in migrations. */
const sqlInStores: Rule = (files) =>
  files
    .filter(
      (file) =>
        isProductCode(file) &&
        layerOf(file.path) !== 'platform' &&
        !/^(?:[\w-]+-)?store(?:-[\w-]+)?\.ts$/.test(basename(file.path)),
    )
    .flatMap(({ path, text }) =>
      scan(text)
        .literals.filter((literal) => sqlStatement.test(literal.text))
        .map(({ line }) => `${path}:${line} has SQL outside a store`),
    )

/** Told from English by what must follow: `with` as a word of a sentence has no `as` behind a name. */
const sqlStatement =
  /^\s*(?:select\s[\s\S]*\bfrom\b|select\s+[\w.]+\(|insert\s+into\s|update\s+[\w."]+\s+(?:as\s+\w+\s+|\w+\s+)?set\s|delete\s+from\s|with\s+(?:recursive\s+)?\w+\s*(?:\([^)]*\)\s*)?as\s)/

const short: Rule = (files) =>
  files
    .filter(({ path }) => isCode(path))
    .map(({ path, text }) => ({ path, lines: text.replace(/\n$/, '').split('\n').length }))
    .filter(({ lines }) => lines > linesMax)
    .map(({ path, lines }) => `${path} has ${lines} lines; at most ${linesMax}: split it by what changes together`)

const named: Rule = (files) =>
  files
    .filter(({ path }) => /^index\.(ts|mjs|js|tsx)$/.test(basename(path)))
    .map(({ path }) => `${path}: name it for what it holds`)

const noDefaultExport: Rule = (files) => inCode(files, /\bexport\s+default\b/g, 'has a default export')

const everyTestRuns: Rule = (files) =>
  inCode(files, /\b(?:describe|it|test|suite)\.(?:only|skip|todo)\b|\b(?:only|todo):\s*true\b/g, 'leaves tests out')

const typed: Rule = (files) => [
  ...inCode(
    files.filter(({ path }) => path.endsWith('.ts')),
    /(?<![.\w$])any\b(?!\s*[:(])/g,
    'uses any',
  ),
  ...files
    .filter(({ path }) => isCode(path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/@ts-(?:ignore|nocheck|expect-error)/g)].map(
        ({ index }) => `${path}:${lineOf(text, index)} silences the compiler`,
      ),
    ),
]

const noEmptyCatch: Rule = (files) =>
  inCode(files, /\bcatch\s*(?:\([^)]*\))?\s*\{\s*\}|\.catch\(\s*\(\w*\)\s*=>\s*\{\s*\}\s*\)/g, 'swallows an error')

/** Nothing in the tree says on which machine, or against which mirror, it was made. */
const noMachine: Rule = (files) =>
  files.flatMap(({ path, text }) =>
    [...text.matchAll(machine)].map(({ index, 0: found }) => `${path}:${lineOf(text, index)} names a machine: ${found}`),
  )

const machine =
  /(?<![\w.~-])\/(?:home|root|Users|work)\/[\w.-]+|\b[A-Z]:\\Users\\|\bregistry\.\w+\.(?:org|com)\b|https?:\/\/[^\s"'`)]*\b(?:artifactory|nexus|verdaccio)\b/g

const noCycles: Rule = (files) => {
  const targets = new Map(
    files.filter(({ path }) => isCode(path)).map((file) => [file.path, importsOf(file).map(({ target }) => target)]),
  )
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) cycles.push(`${[...trail.slice(trail.indexOf(path)), path].join(' → ')} is a cycle`)
    if (done.has(path) || trail.includes(path)) return
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of targets.keys()) visit(path, [])
  return cycles
}

const inCode = (files: readonly SourceFile[], pattern: RegExp, complaint: string): readonly string[] =>
  files.filter(({ path }) => isCode(path)).flatMap((file) => complaints(file, pattern, complaint))

const complaints = ({ path, text }: SourceFile, pattern: RegExp, complaint: string): readonly string[] => {
  const { code } = scan(text)
  return [...code.matchAll(pattern)].map(({ index, 0: found }) => `${path}:${lineOf(code, index)} ${complaint}: ${found.trim()}`)
}

export const rules = {
  direction,
  purity,
  sqlInStores,
  short,
  named,
  noDefaultExport,
  everyTestRuns,
  typed,
  noEmptyCatch,
  noMachine,
  noCycles,
} as const satisfies Record<string, Rule>
