/** Source text as the house rules look at it: without comments, without the insides of strings, with its imports resolved. */
import { posix } from 'node:path'

export type SourceFile = Readonly<{ path: string; text: string }>
export type Scanned = Readonly<{
  /** Comments and the insides of strings and regular expressions are blanks; line breaks stay. */
  code: string
  literals: readonly Readonly<{ line: number; text: string }>[]
}>

const wordsBeforeRegex = new Set(['return', 'typeof', 'case', 'of', 'in', 'do', 'else', 'await', 'yield', 'void', 'throw'])

const cache = new Map<string, Scanned>()

export const scan = (text: string): Scanned => {
  const known = cache.get(text)
  if (known !== undefined) return known
  const scanned = scanFresh(text)
  cache.set(text, scanned)
  return scanned
}

const scanFresh = (text: string): Scanned => {
  const literals: { line: number; text: string }[] = []
  /** For each open `${`, how many braces are open inside it. */
  const holes: number[] = []
  let code = ''
  let at = 0
  const blank = (end: number): void => {
    code += text.slice(at, end).replaceAll(/[^\n]/g, ' ')
    at = end
  }
  const literal = (end: number): void => {
    literals.push({ line: lineOf(text, at), text: text.slice(at + 1, end - 1) })
    code += text[at] ?? ''
    at += 1
    blank(Math.max(at, end - 1))
    code += text.slice(at, end)
    at = end
  }
  while (at < text.length) {
    const character = text.charAt(at)
    if (text.startsWith('//', at) || (at === 0 && text.startsWith('#!'))) blank(endOf(text, at, '\n'))
    else if (text.startsWith('/*', at)) blank(endOf(text, at + 2, '*/') + 2)
    else if (character === "'" || character === '"') literal(endOfString(text, at + 1, character))
    else if (character === '/' && startsRegex(code)) literal(endOfRegex(text, at + 1))
    else if (character === '`' || (character === '}' && holes.at(-1) === 0)) {
      if (character === '}') holes.pop()
      const { end, opensHole } = endOfTemplate(text, at + 1)
      literal(end)
      if (opensHole) holes.push(0)
    } else {
      if (holes.length > 0 && (character === '{' || character === '}'))
        holes.push((holes.pop() ?? 0) + (character === '{' ? 1 : -1))
      code += character
      at += 1
    }
  }
  return { code, literals }
}

const endOf = (text: string, from: number, what: string): number => {
  const found = text.indexOf(what, from)
  return found === -1 ? text.length : found
}

const endOfString = (text: string, from: number, quote: string): number => {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === quote) return at + 1
  }
  return text.length
}

const endOfTemplate = (text: string, from: number): { end: number; opensHole: boolean } => {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '`') return { end: at + 1, opensHole: false }
    else if (text.startsWith('${', at)) return { end: at + 2, opensHole: true }
  }
  return { end: text.length, opensHole: false }
}

const endOfRegex = (text: string, from: number): number => {
  let inClass = false
  for (let at = from; at < text.length && text[at] !== '\n'; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '[') inClass = true
    else if (text[at] === ']') inClass = false
    else if (text[at] === '/' && !inClass) return at + 1
  }
  return text.length
}

/** A slash divides after a value, and begins a regular expression anywhere else. */
const startsRegex = (codeBefore: string): boolean => {
  const before = codeBefore.trimEnd()
  const word = /[\w$]+$/.exec(before)?.[0]
  if (word !== undefined) return wordsBeforeRegex.has(word)
  return !/[)\]}"'`]$/.test(before)
}

export const lineOf = (text: string, at: number): number => text.slice(0, at).split('\n').length

/** What a file imports: paths of the tree for relative imports, else the package's own words. */
export const importsOf = ({ path, text }: SourceFile): readonly Readonly<{ line: number; target: string }>[] => {
  const { code, literals } = scan(text)
  const lines = code.split('\n')
  return literals.flatMap(({ line, text: target }) => {
    const words = lines[line - 1] ?? ''
    const isImport = /^\s*(?:import|export)\b.*\bfrom\s*['"]|^\s*\}\s*from\s*['"]|^\s*import\s*['"]|\bimport\(\s*['"]/.test(words)
    if (!isImport || target === '') return []
    return [{ line, target: target.startsWith('.') ? posix.normalize(posix.join(posix.dirname(path), target)) : target }]
  })
}
