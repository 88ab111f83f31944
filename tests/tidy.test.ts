import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { describe, it } from 'node:test'
import { rules } from './tidy/rules.ts'
import type { SourceFile } from './tidy/source.ts'

const root = join(import.meta.dirname, '..')
const foreign = new Set(['node_modules', '.git', '.runtime', '.waybill', '.cache', 'dist'])
/** Data are not ours to word; this file and the rules must name what they forbid. */
const isLeftOut = (path: string): boolean => path.startsWith('tests/tidy') || /(^|\/)data\//.test(path)
const isText = (path: string): boolean =>
  /\.(ts|tsx|mjs|js|json|md|sql|sh|yml|yaml|html|css|txt)$|^\.ci\/|(^|\/)\.\w+rc$|Dockerfile$/.test(path)

const walk = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (foreign.has(entry.name)) return []
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return walk(path)
    return entry.isFile() ? [relative(root, path).replaceAll(sep, '/')] : []
  })

const tree: readonly SourceFile[] = walk(root)
  .filter((path) => isText(path) && !isLeftOut(path))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))

const file = (path: string, text: string): SourceFile => ({ path, text })

/** For each rule, trees that break it, each exactly once, and one that looks like it but does not. */
const planted: Readonly<
  Record<keyof typeof rules, Readonly<{ bad: readonly (readonly SourceFile[])[]; good: readonly SourceFile[] }>>
> = {
  direction: {
    bad: [
      [file('src/kernel/ids.ts', `import pg from 'pg'`)],
      [file('src/kernel/ids.ts', `import type { A } from '../platform/log.ts'`)],
      [file('src/platform/log.ts', `import { order } from '../orders/contract.ts'`)],
      [file('src/orders/order.ts', `import {\n  a,\n  b,\n} from '../inventory/stock.ts'`)],
      [file('src/orders/order.ts', `export { flow } from '../flow.ts'`)],
      [file('src/orders/order.ts', `const late = await import('../main.ts')`)],
      [file('src/orders/service.ts', `import { testDatabase } from '../../tests/support/database.ts'`)],
    ],
    good: [
      file(
        'src/orders/service.ts',
        `import '../inventory/contract.ts'\nimport { a } from './order.ts'\nimport b from '../kernel/ids.ts'`,
      ),
      file('src/orders/order.test.ts', `import { a } from '../inventory/stock.ts'`),
      file('src/main.ts', `import { orders } from './orders/service.ts'`),
      file('src/cli/waybill.ts', `import { orders } from '../orders/service.ts' // from '../kernel/x.ts'`),
      file('src/kernel/money.ts', `const words = "import x from 'pg'"`),
    ],
  },
  purity: {
    bad: [
      [file('src/orders/order.ts', 'const at = Date.now()')],
      [file('src/orders/storefront.ts', 'const at = Date.now()')],
      [file('src/orders/order.ts', 'const at = new Date()')],
      [file('src/orders/order.ts', 'const id = `${Math.random()}`')],
      [file('src/orders/order.ts', 'const load = async () => 1')],
      [file('src/orders/order.ts', `import { readFileSync } from 'node:fs'`)],
      [file('src/orders/order.ts', 'const port = process.env')],
      [file('src/orders/order.ts', 'const half = 4 / 2; setTimeout(half)')],
    ],
    good: [
      file(
        'src/orders/order.ts',
        '// await Date.now()\nconst words = "process.exit" + `await ${1} fetch(`; const r = /process\\./; const at = Date.parse(text)',
      ),
      file('src/orders/service.ts', 'const at = Date.now()'),
      file('src/orders/transfer-routes.ts', 'const at = Date.now()'),
      file('src/orders/store.memory.ts', 'const load = async () => 1'),
      file('src/orders/adapters/mail.ts', 'await fetch(url)'),
      file('src/platform/clock.ts', 'const now = () => Date.now()'),
    ],
  },
  sqlInStores: {
    bad: [
      [file('src/orders/service.ts', 'query(`select id\n from orders.orders`)')],
      [file('src/orders/order.ts', `query('delete from orders.orders')`)],
      [file('src/flow.ts', 'query(`with saved as (select 1) select 2`)')],
      [file('src/cli/waybill.ts', `query("update orders.orders set id = 1")`)],
    ],
    good: [
      file('src/orders/store.ts', 'query(`select id from orders.orders`)'),
      file('src/platform/postgres/x.ts', 'query(`select 1 from t`)'),
      file('src/orders/order.ts', `refuse('with care', 'select a carrier', 'update the order first', 'delete nothing')`),
      file('src/orders/order.test.ts', 'query(`select id from orders.orders`)'),
    ],
  },
  short: {
    bad: [[file('src/a.ts', 'x\n'.repeat(401))]],
    good: [file('src/a.ts', 'x\n'.repeat(400)), file('docs/a.md', 'x\n'.repeat(900))],
  },
  named: { bad: [[file('src/orders/index.ts', '')]], good: [file('src/orders/index-page.ts', '')] },
  noDefaultExport: { bad: [[file('src/a.ts', 'export default 1')]], good: [file('src/a.ts', '// export default 1')] },
  everyTestRuns: {
    bad: [
      [file('src/a.test.ts', `it.only('x')`)],
      [file('tests/a.test.ts', `describe.skip('x')`)],
      [file('tests/a.test.ts', `it('x', { todo: true })`)],
    ],
    good: [file('src/a.test.ts', `it('it.only runs', { skip: isWindows })`)],
  },
  typed: {
    bad: [
      [file('src/a.ts', 'const a: any = 1')],
      [file('src/a.ts', 'const a = b as any')],
      [file('tests/a.ts', 'const a: Map<string, any[]> = b')],
      [file('src/a.ts', '// @ts-expect-error: later')],
    ],
    good: [file('src/a.ts', 'const a = `id = any($1)`; await Promise.any(all) // any')],
  },
  noEmptyCatch: {
    bad: [
      [file('src/a.ts', 'try { a() } catch {}')],
      [file('src/a.ts', 'try { a() } catch (error) {\n  // never mind\n}')],
      [file('src/a.ts', 'a().catch(() => {})')],
    ],
    good: [file('src/a.ts', 'try { a() } catch { b() }')],
  },
  noMachine: {
    bad: [
      [file('docs/a.md', 'cd /home/ada/waybill')],
      [file('package-lock.json', `"resolved": "https://${['registry', 'example', 'org'].join('.')}/pg"`)],
      [file('src/a.ts', `const folder = '/home/somebody/waybill'`)],
    ],
    good: [file('docs/a.md', 'see https://example.com/home/page and ./work/x and /var/lib/waybill')],
  },
  noCycles: {
    bad: [
      [
        file('src/a.ts', `import './b.ts'`),
        file('src/b.ts', `import type { C } from './c.ts'`),
        file('src/c.ts', `export { a } from './a.ts'`),
      ],
      [file('src/a.ts', `import './a.ts'`)],
    ],
    good: [file('src/a.ts', `import './b.ts'\nimport './c.ts'`), file('src/b.ts', `import './c.ts'`), file('src/c.ts', '')],
  },
}

describe('The rules of the house', () => {
  for (const [name, rule] of Object.entries(rules)) {
    it(`hold in the tree: ${name}`, () => {
      assert.ok(tree.length > 0)
      const found = rule(tree)
      if (found.length > 0) assert.fail(`${found.length} found:\n${found.join('\n')}`)
    })
  }
  for (const [name, { bad, good }] of Object.entries(planted)) {
    const rule = Object.entries(rules).find(([known]) => known === name)?.[1] ?? assert.fail(name)
    it(`catch what is planted, and nothing else: ${name}`, () => {
      for (const files of bad) assert.equal(rule(files).length, 1, `${name} on ${JSON.stringify(files)}: ${rule(files).join(', ')}`)
      assert.deepEqual(rule(good), [])
    })
  }
})
