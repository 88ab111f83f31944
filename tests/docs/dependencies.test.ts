/** docs/reference/dependencies.md has a line for each package of package.json, and for nothing else. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'

const root = join(import.meta.dirname, '..', '..')
type Manifest = Readonly<Record<'dependencies' | 'devDependencies' | 'optionalDependencies', Readonly<Record<string, string>>>>

const namesIn = (page: string): readonly string[] =>
  [...page.matchAll(/^\| `([^`]+)` \| [^|]+ \| [^|]+ \|$/gm)].map(([, name = '']) => name).sort()

describe('The page of dependencies', () => {
  const page = readFileSync(join(root, 'docs/reference/dependencies.md'), 'utf8')
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  ) as Manifest
  const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }).sort()

  it('names what package.json names', () => assert.deepEqual(namesIn(page), names))

  it('would notice a package that is planted', () => {
    const planted = '| `left-pad` | counting spaces | counting spaces |'
    assert.deepEqual(namesIn(`${page}\n${planted}\n`), [...names, 'left-pad'].sort())
  })
})
