/**
 * Where mutants are planted: a copy of the tree in a temporary folder, so that nobody's work is touched. One at a time is
 * written into it, its catcher is run there, and the file is put back.
 */
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Catcher, Edit, Mutant } from './mutant.ts'

const root = join(import.meta.dirname, '..', '..')
/** What a test imports must lie in the copy itself: a link would lead it back to the sound source. */
const copied = ['src', 'tests', 'scripts', 'bench', 'package.json', 'tsconfig.json']
/** Read, never imported from: nothing in the copy installs or writes there. */
const linked = ['node_modules', 'data', 'docs', 'deploy', 'README.md']
/** A catcher needs seconds; on a busy machine some more. */
const catcherMaxMs = 120_000
/** A test that waits for what never comes fails after so long, as it does in CI. */
const testMaxMs = 20_000
/** Of what a catcher printed, the end: where a failing test tells its own. */
const outputKept = 4_000

/** `hung`: ended by us. Found out is only who fails by himself: whoever hangs may hang for another reason. */
export type Ended = 'passed' | 'failed' | 'hung'
export type Run = Readonly<{ ended: Ended; ms: number; output: string }>

export const editsOf = ({ also, ...mutant }: Mutant): readonly Edit[] => [mutant, ...(also === undefined ? [] : [also])]

/** Whether each of its texts occurs once in the source as it is. */
export const applies = (mutant: Mutant): boolean =>
  editsOf(mutant).every(({ file, find }) => {
    const path = join(root, file)
    return existsSync(path) && readFileSync(path, 'utf8').split(find).length === 2
  })

/** A source with the fault in it. @throws where it is no TypeScript any more: a file that does not load finds nothing. */
export const planted = ({ file, find, replace }: Edit, folder = root): string => {
  const text = readFileSync(join(folder, file), 'utf8').replace(find, () => replace)
  stripTypeScriptTypes(text)
  return text
}

export class Ground {
  readonly #folder: string
  /** The database that catchers use; without one each starts its own. */
  readonly #database: string | undefined

  constructor(database: string | undefined) {
    this.#database = database
    this.#folder = realpathSync(mkdtempSync(join(tmpdir(), 'waybill-mutants-')))
    for (const name of copied)
      if (existsSync(join(root, name))) cpSync(join(root, name), join(this.#folder, name), { recursive: true })
    for (const name of linked) if (existsSync(join(root, name))) symlinkSync(join(root, name), join(this.#folder, name))
    mkdirSync(join(this.#folder, '.cache'))
  }

  /** Leaves the copy with a mutant in it to whoever wants to see it from the inside. @returns where it lies. */
  keep(mutant: Mutant): string {
    this.#plant(mutant)
    return this.#folder
  }

  #plant(mutant: Mutant): void {
    for (const edit of editsOf(mutant)) writeFileSync(join(this.#folder, edit.file), planted(edit, this.#folder))
  }

  /** Runs a catcher with a mutant in place, or on the sound copy. */
  async run(catcher: Catcher, mutant?: Mutant): Promise<Run> {
    if (mutant === undefined) return this.#catch(catcher)
    const sound = editsOf(mutant).map(({ file }) => ({
      path: join(this.#folder, file),
      text: readFileSync(join(this.#folder, file), 'utf8'),
    }))
    try {
      this.#plant(mutant)
      return await this.#catch(catcher)
    } finally {
      for (const { path, text } of sound) writeFileSync(path, text)
    }
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #catch(catcher: Catcher): Promise<Run> {
    const begun = performance.now()
    // Inside a test run, a test file that is started would take itself for a part of it.
    const { NODE_TEST_CONTEXT: _, WAYBILL_TEST_SEED: __, WAYBILL_TEST_CASES: ___, ...inherited } = process.env
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, argumentsOf(catcher), {
        cwd: this.#folder,
        // A group of its own: what a catcher started goes with it.
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...inherited,
          NODE_COMPILE_CACHE: join(this.#folder, '.cache', 'compile'),
          ...(this.#database === undefined ? {} : { WAYBILL_TEST_DATABASE: this.#database }),
          ...(catcher.kind === 'property' ? { WAYBILL_TEST_PROPERTY: catcher.name } : {}),
        },
      })
      let output = ''
      let isHung = false
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => (output = `${output}${text}`.slice(-outputKept)))
      const timer = setTimeout(() => {
        isHung = true
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      }, catcherMaxMs)
      child.once('error', reject)
      child.once('close', (code) => {
        clearTimeout(timer)
        resolve({ ended: isHung ? 'hung' : code === 0 ? 'passed' : 'failed', ms: Math.round(performance.now() - begun), output })
      })
    })
  }
}

const argumentsOf = (catcher: Catcher): string[] => {
  switch (catcher.kind) {
    case 'property':
      return [catcher.file]
    case 'test':
      return [
        '--test-force-exit',
        `--test-timeout=${testMaxMs}`,
        ...(catcher.name === '' ? [] : [`--test-name-pattern=${catcher.name}`]),
        catcher.file,
      ]
    case 'command':
      return [catcher.file, ...catcher.args]
  }
}
